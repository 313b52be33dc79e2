"""A migration as its convention gives it, before its SQL is analysed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrator.folder.bounds import Bounds
from migrator.folder.checksum import checksum
from migrator.folder.directives import read_directives
from migrator.folder.header import header_comments
from migrator.folder.placeholders import fill
from migrator.folder.statements import has_statements, read_script
from migrator.model.migration import Migration, MigrationKind, is_wanted
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


@dataclass(frozen=True, slots=True)
class Terms:
    """What a folder says that bears on each of its scripts."""

    words: Mapping[str, str] | None = None
    """Its own placeholders; None where placeholders are not switched on."""
    bounds: Bounds | None = None
    """Where its scripts may reach; None for anywhere."""


def finish(draft: Draft, terms: Terms) -> Migration:
    """Analyse the SQL, once.

    A repeatable migration's checksum is made of the filled text, so that another value applies it again.
    """
    forward, marked = draft.forward, _is_marked(draft.forward)
    directives = read_directives(forward.sql, forward.path)
    outside = not is_wanted(directives, marked)
    script = read_script(
        fill(forward.sql, forward.path, terms.words), forward.path, outside=outside, bounds=terms.bounds
    )
    repeatable = draft.kind is MigrationKind.REPEATABLE
    return Migration(
        kind=draft.kind,
        version=draft.version,
        description=draft.description,
        script=draft.script or forward.path.name,
        path=forward.path,
        checksum=checksum(fill(draft.text, forward.path, terms.words) if repeatable else draft.text),
        sql=script.sql,
        statements=script.statements,
        directives=directives,
        marked_outside=marked,
        **_back(draft.back, terms),
    )


def _back(way: Way | None, terms: Terms) -> dict[str, Any]:
    if way is None:
        return {}
    marked, directives = _is_marked(way), read_directives(way.sql, way.path)
    sql = fill(way.sql, way.path, terms.words)
    script = read_script(sql, way.path, outside=not is_wanted(directives, marked), bounds=terms.bounds)
    full = has_statements(script.sql)
    return {
        "undo": script.sql if full else None,
        "undo_path": way.path,
        "undo_statements": script.statements,
        "undo_is_empty": not full,
        "undo_directives": directives,
        "undo_marked_outside": marked,
    }


def _is_marked(way: Way) -> bool:
    """By its own tool: the convention's mark, ``.autocommit.`` in the name (Ory), or sqlx's comment."""
    if way.outside or ".autocommit." in way.path.name:
        return True
    return any(comment == "no-transaction" for _, comment in header_comments(way.sql))
