"""What Alembic remembers within one of its runs, kept from one revision of ours to the next.

It remembers the enum types that a run has made, and does not make them again for the next table that names them.
Histories rely on that, and with one run for each revision they would fail.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from migrator.folder.alembic.code import RevisionCode


@dataclass(frozen=True, slots=True)
class _Kept:
    schema: str
    code: RevisionCode
    """What was run last."""
    memo: dict[Any, Any] = field(default_factory=dict)


_kept: WeakKeyDictionary[Any, _Kept] = WeakKeyDictionary()


def recall(connection: Any, code: RevisionCode, schema: str, applied: frozenset[str]) -> dict[Any, Any]:
    """The memo for a revision that is about to be run: that of the one before it on this connection, in this schema.

    A new one when what was run there last does not stand, because it was rolled back.
    """
    before = _kept.pop(connection, None)
    if before is None or before.schema != schema or before.code.terms is not code.terms:
        return _keep(connection, _Kept(schema, code))
    stands = (before.code.revision.id in applied) == before.code.is_upgrade
    return _keep(connection, _Kept(schema, code, before.memo) if stands else _Kept(schema, code))


def _keep(connection: Any, kept: _Kept) -> dict[Any, Any]:
    _kept[connection] = kept
    return kept.memo
