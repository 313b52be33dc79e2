"""What a file of SQL consists of: its statements, where each starts, what each does and how it must be run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pglast import ast, parse_sql
from pglast.enums import AlterTableType, ReindexObjectType
from pglast.parser import ParseError

from migrator.errors import RefusedStatement
from migrator.folder.bounds import Bounds
from migrator.folder.effects import effects_of
from migrator.folder.newcomers import beside_new
from migrator.folder.psql import copy_refusal, unmix
from migrator.folder.rewriting import Edit, drops_extension, edited, edits_of
from migrator.folder.transactions import place_in_transactions
from migrator.model.identifier import quoted
from migrator.model.migration import Statement
from migrator.model.slot import with_slots, without_slots

_ALONE = (ast.CreatedbStmt, ast.DropdbStmt, ast.CreateTableSpaceStmt, ast.DropTableSpaceStmt, ast.AlterSystemStmt)
_WHOLE = (
    ReindexObjectType.REINDEX_OBJECT_SCHEMA,
    ReindexObjectType.REINDEX_OBJECT_SYSTEM,
    ReindexObjectType.REINDEX_OBJECT_DATABASE,
)


@dataclass(frozen=True, slots=True)
class Script:
    """A file's SQL as the server gets it: nothing of psql's, no BEGIN and COMMIT of its own."""

    sql: str
    statements: tuple[Statement, ...]


def has_statements(sql: str) -> bool:
    """Whether a text is more than comments; what the parser cannot read is."""
    try:
        return bool(parse_sql(without_slots(sql)))
    except ParseError:
        return True


def split_statements(sql: str, path: Path) -> tuple[Statement, ...]:
    """The statements of a file, in order."""
    return read_script(sql, path).statements


def read_script(text: str, path: Path, *, outside: bool = False, bounds: Bounds | None = None) -> Script:
    """Analyse a file, once however many schemas it is applied to.

    ``outside``: it is to run outside a transaction. ``bounds``: where it may reach, None for anywhere. A file
    that the parser cannot read, perhaps because the server is newer than the parser, is one statement: the
    server has the last word. Raises RefusedStatement with file, line and statement.
    """
    unmixed = unmix(text, path)
    sql = unmixed.sql
    parsed = _parse(sql)
    if parsed is None:
        if unmixed.data:
            reason = "the parser cannot read this file, so the data of its COPY cannot be told from its SQL"
            raise RefusedStatement(path=path, line=1, statement=text.strip()[:80], reason=reason)
        return Script(sql, (Statement(sql, 1, block=None if outside else 0),))
    if bounds is not None and (edits := _edits(parsed, sql, path, bounds)):
        sql = edited(sql, edits)
        parsed = parse_sql(without_slots(sql))
    data = iter(text for _, text in sorted(unmixed.data.items()))
    statements = list(beside_new((_statement(raw, sql, path, data), raw.stmt) for raw in parsed))
    placed = list(place_in_transactions(statements, path, outside=outside))
    gone = [Edit(s.start, s.start + len(s.text), " " * len(s.text)) for s, stays in placed if not stays]
    return Script(edited(sql, gone), tuple(statement for statement, stays in placed if stays))


def _parse(sql: str) -> tuple[ast.RawStmt, ...] | None:
    try:
        return tuple(parse_sql(without_slots(sql)))
    except ParseError:
        return None


def _edits(parsed: Iterable[ast.RawStmt], sql: str, path: Path, bounds: Bounds) -> list[Edit]:
    """Hold every statement against the bounds, and say what has to be put otherwise."""
    edits = []
    for raw in parsed:
        start, text = _place(raw, sql)
        effects = effects_of(raw.stmt)
        bounds.check(effects, path, sql, start, text)
        if drops_extension(raw.stmt):
            edits.append(Edit(start, start + len(text), ""))
        else:
            edits += edits_of(raw.stmt, effects, text, start, bounds)
    return edits


def _place(raw: ast.RawStmt, sql: str) -> tuple[int, str]:
    start = raw.stmt_location or 0
    return start, sql[start : start + raw.stmt_len] if raw.stmt_len else sql[start:].rstrip()


def _statement(raw: ast.RawStmt, sql: str, path: Path, data: Iterable[str]) -> Statement:
    start, text = _place(raw, sql)
    line = sql.count("\n", 0, start) + 1
    if isinstance(raw.stmt, ast.CopyStmt) and (reason := copy_refusal(raw.stmt)):
        raise RefusedStatement(path=path, line=line, statement=text.strip(), reason=reason)
    return Statement(
        text,
        line,
        start,
        transactional=not _runs_alone(raw.stmt),
        builds=_builds(raw.stmt),
        drops=_drops(raw.stmt),
        rebuilds=isinstance(raw.stmt, ast.ReindexStmt) and _is_concurrent(raw.stmt),
        detaches=_detaches(raw.stmt),
        adds_value=isinstance(raw.stmt, ast.AlterEnumStmt) and not raw.stmt.oldVal,
        data=next(iter(data), "") if isinstance(raw.stmt, ast.CopyStmt) else None,
        effects=effects_of(raw.stmt),
    )


def _builds(stmt: ast.Node | None) -> str | None:
    return with_slots(stmt.idxname) if isinstance(stmt, ast.IndexStmt) and stmt.concurrent and stmt.idxname else None


def _drops(stmt: ast.Node | None) -> str | None:
    """PostgreSQL lets one such statement drop one index; none of the target's own when a schema is named."""
    if not isinstance(stmt, ast.DropStmt) or not stmt.concurrent:
        return None
    [name, *more] = stmt.objects or ((),)
    return with_slots(str(name[0].sval)) if name and len(name) == 1 and not more else None


def _detaches(stmt: ast.Node | None) -> tuple[str, str] | None:
    """PostgreSQL takes one such command in a statement, and no other beside it."""
    if not isinstance(stmt, ast.AlterTableStmt) or stmt.relation is None:
        return None
    found = [command for command in stmt.cmds or () if _detaches_concurrently(command)]
    return (_written(stmt.relation), _written(found[0].def_.name)) if found else None


def _written(relation: Any) -> str:
    names = (relation.schemaname, relation.relname)
    return quoted(*(with_slots(name) for name in names if name))


def _is_concurrent(stmt: ast.ReindexStmt) -> bool:
    return any(option.defname == "concurrently" for option in stmt.params or ())


def _runs_alone(stmt: ast.Node | None) -> bool:
    """Whether PostgreSQL refuses the statement inside a transaction block."""
    if isinstance(stmt, (ast.IndexStmt, ast.DropStmt)):
        return bool(stmt.concurrent)
    if isinstance(stmt, ast.VacuumStmt):
        return bool(stmt.is_vacuumcmd)
    if isinstance(stmt, ast.ReindexStmt):
        return stmt.kind in _WHOLE or _is_concurrent(stmt)
    if isinstance(stmt, ast.AlterTableStmt):
        return any(map(_detaches_concurrently, stmt.cmds or ()))
    if isinstance(stmt, ast.ClusterStmt):
        return stmt.relation is None
    return isinstance(stmt, _ALONE)


def _detaches_concurrently(command: ast.AlterTableCmd) -> bool:
    return command.subtype == AlterTableType.AT_DetachPartition and bool(getattr(command.def_, "concurrent", False))
