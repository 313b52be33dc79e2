"""A migration as its convention gives it, before its SQL is analysed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrator.folder.checksum import checksum
from migrator.folder.directives import read_directives
from migrator.folder.header import header_comments
from migrator.folder.statements import has_statements, split_statements
from migrator.model.migration import Migration, MigrationKind
from migrator.model.version import Version


@dataclass(frozen=True, slots=True)
class Way:
    """SQL that leads forward, or back."""

    path: Path
    sql: str
    """The file's text; what belongs to another way is blanked out, so that lines are those of the file."""
    outside: bool = False
    """The convention says that it runs outside a transaction."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a convention's reader finds out."""

    version: Version | None
    description: str
    forward: Way
    text: str
    """The whole file that leads forward, which the checksum is made of."""
    back: Way | None = None
    script: str = ""
    """The name for history, when it is not that of the file."""
    kind: MigrationKind = MigrationKind.VERSIONED


def finish(draft: Draft) -> Migration:
    """Analyse the SQL, once."""
    forward = draft.forward
    directives = read_directives(forward.sql, forward.path)
    return Migration(
        kind=draft.kind,
        version=draft.version,
        description=draft.description,
        script=draft.script or forward.path.name,
        path=forward.path,
        checksum=checksum(draft.text),
        sql=forward.sql,
        statements=split_statements(forward.sql, forward.path),
        directives=directives,
        marked_outside=_is_marked(forward),
        **_back(draft.back),
    )


def _back(way: Way | None) -> dict[str, Any]:
    if way is None:
        return {}
    full = has_statements(way.sql)
    return {
        "undo": way.sql if full else None,
        "undo_path": way.path,
        "undo_is_empty": not full,
        "undo_directives": read_directives(way.sql, way.path),
        "undo_marked_outside": _is_marked(way),
    }


def _is_marked(way: Way) -> bool:
    """By its own tool: the convention's mark, ``.autocommit.`` in the name (Ory), or sqlx's comment."""
    if way.outside or ".autocommit." in way.path.name:
        return True
    return any(comment == "no-transaction" for _, comment in header_comments(way.sql))
