"""What a file of SQL consists of: its statements, where each starts, and which must run outside a transaction."""

from __future__ import annotations

from pathlib import Path

from pglast import ast, parse_sql
from pglast.enums import AlterTableType, ReindexObjectType, TransactionStmtKind
from pglast.parser import ParseError

from migrator.errors import RefusedStatement
from migrator.model.migration import Statement

_ALONE = (ast.CreatedbStmt, ast.DropdbStmt, ast.CreateTableSpaceStmt, ast.DropTableSpaceStmt, ast.AlterSystemStmt)
_ENDS = (
    TransactionStmtKind.TRANS_STMT_BEGIN,
    TransactionStmtKind.TRANS_STMT_START,
    TransactionStmtKind.TRANS_STMT_COMMIT,
    TransactionStmtKind.TRANS_STMT_ROLLBACK,
    TransactionStmtKind.TRANS_STMT_PREPARE,
)


_WHOLE = (
    ReindexObjectType.REINDEX_OBJECT_SCHEMA,
    ReindexObjectType.REINDEX_OBJECT_SYSTEM,
    ReindexObjectType.REINDEX_OBJECT_DATABASE,
)


def has_statements(sql: str) -> bool:
    """Whether a text is more than comments; what the parser cannot read is."""
    try:
        return bool(parse_sql(sql))
    except ParseError:
        return True


def split_statements(sql: str, path: Path) -> tuple[Statement, ...]:
    """The statements of a file, in order.

    A file that the parser cannot read, perhaps because the server is newer than the parser, is one statement:
    the server has the last word. A file that begins or ends transactions by itself is refused, because what
    it commits half way could not be taken back when the rest fails.
    """
    try:
        parsed = parse_sql(sql)
    except ParseError:
        return (Statement(sql, 1),)
    return tuple(_statement(raw, sql, path) for raw in parsed)


def _statement(raw: ast.RawStmt, sql: str, path: Path) -> Statement:
    start = raw.stmt_location or 0
    text = sql[start : start + raw.stmt_len] if raw.stmt_len else sql[start:].rstrip()
    line = sql.count("\n", 0, start) + 1
    if isinstance(raw.stmt, ast.TransactionStmt) and raw.stmt.kind in _ENDS:
        reason = "a migration runs in the transaction that also writes its history and must not end it"
        raise RefusedStatement(path=path, line=line, statement=text, reason=reason)
    return Statement(
        text,
        line,
        start,
        transactional=not _runs_alone(raw.stmt),
        builds=_builds(raw.stmt),
        adds_value=isinstance(raw.stmt, ast.AlterEnumStmt) and not raw.stmt.oldVal,
    )


def _builds(stmt: ast.Node | None) -> str | None:
    return stmt.idxname if isinstance(stmt, ast.IndexStmt) and stmt.concurrent else None


def _runs_alone(stmt: ast.Node | None) -> bool:
    """Whether PostgreSQL refuses the statement inside a transaction block."""
    if isinstance(stmt, (ast.IndexStmt, ast.DropStmt)):
        return bool(stmt.concurrent)
    if isinstance(stmt, ast.VacuumStmt):
        return bool(stmt.is_vacuumcmd)
    if isinstance(stmt, ast.ReindexStmt):
        return stmt.kind in _WHOLE or any(option.defname == "concurrently" for option in stmt.params or ())
    if isinstance(stmt, ast.AlterTableStmt):
        return any(map(_detaches_concurrently, stmt.cmds or ()))
    if isinstance(stmt, ast.ClusterStmt):
        return stmt.relation is None
    return isinstance(stmt, _ALONE)


def _detaches_concurrently(command: ast.AlterTableCmd) -> bool:
    return command.subtype == AlterTableType.AT_DetachPartition and bool(getattr(command.def_, "concurrent", False))
