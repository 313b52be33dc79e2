"""Rules about single statements."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pglast import ast, parse_sql
from pglast.parser import ParseError, scan

from migrator.folder.bounds import Bounds
from migrator.folder.lint import rules
from migrator.folder.lint.finding import Finding
from migrator.folder.relations import members
from migrator.folder.rewriting import drops_extension
from migrator.folder.source import line_at
from migrator.model.identifier import MAX_BYTES
from migrator.model.migration import Migration, Statement
from migrator.model.slot import without_slots

_MOVING = frozenset(
    (
        *("now", "clock_timestamp", "statement_timestamp", "transaction_timestamp", "timeofday"),
        *("random", "gen_random_uuid", "uuidv4", "uuidv7", "uuid_generate_v1", "uuid_generate_v4"),
    )
)
"""Functions with another result each time."""
_CLOCK = ("CURRENT_DATE", "CURRENT_TIME", "LOCALTIME")
"""The same without parentheses; CURRENT_TIMESTAMP is one of them."""


def escapes(migration: Migration, bounds: Bounds | None) -> Iterator[Finding]:
    """Every statement that reaches beyond the bounds, where reading the folder stops at the first."""
    if bounds is None:
        return
    for statement in migration.statements:
        if reason := bounds.broken_by(statement.effects):
            yield rules.ESCAPES_SCHEMA.finding(migration.path, statement.line, reason)


def extensions(migration: Migration) -> Iterator[Finding]:
    """What is done with extensions in a tenant's migration, which is something else than the text says."""
    for statement, stmt in _parsed(migration):
        if isinstance(stmt, ast.CreateExtensionStmt):
            said = f"extension {stmt.extname} is made once for the whole database, not in the tenant's schema"
            yield rules.EXTENSION_IN_TENANT.finding(migration.path, statement.line, said)
        elif drops_extension(stmt):
            said = "the extension is not dropped, because other tenants of the database need it"
            yield rules.EXTENSION_IN_TENANT.finding(migration.path, statement.line, said)


def frozen_values(migration: Migration) -> Iterator[Finding]:
    """Rows of INSERT whose values are made at the moment of the migration."""
    for statement, stmt in _parsed(migration):
        if isinstance(stmt, ast.InsertStmt) and (function := next(_moving(stmt.selectStmt), None)):
            said = f"the row keeps what {function} says when the migration runs, the same in each copy of the schema"
            yield rules.FROZEN_VALUE.finding(migration.path, statement.line, said)


def long_names(migration: Migration) -> Iterator[Finding]:
    """Names that PostgreSQL would cut."""
    text = without_slots(migration.sql)
    for name, start in _names(text):
        if (size := len(name.encode())) > MAX_BYTES:
            said = f"{name} has {size} bytes, PostgreSQL cuts it to {_cut(name)}"
            yield rules.LONG_NAME.finding(migration.path, line_at(text, start), said)


def unparsed(migration: Migration) -> Iterator[Finding]:
    """A file that had to be taken as one statement."""
    try:
        parse_sql(without_slots(migration.sql))
    except ParseError as error:
        line = line_at(migration.sql, error.args[1] if len(error.args) > 1 else 0)
        yield rules.UNPARSED.finding(migration.path, line, f"the parser says: {error.args[0]}")


def _parsed(migration: Migration) -> Iterator[tuple[Statement, Any]]:
    for statement in migration.statements:
        try:
            parsed = parse_sql(without_slots(statement.text))
        except ParseError:
            continue
        yield from ((statement, raw.stmt) for raw in parsed[:1])


def _moving(node: Any) -> Iterator[str]:
    if isinstance(node, ast.SQLValueFunction):
        name = str(getattr(node.op, "name", "")).removeprefix("SVFOP_")
        if name.startswith(_CLOCK):
            yield name
    words: Any = node.funcname if isinstance(node, ast.FuncCall) else ()
    if words and words[-1].sval in _MOVING:
        yield f"{words[-1].sval}()"
    for member in members(node):
        yield from _moving(member)


def _names(text: str) -> Iterator[tuple[str, int]]:
    try:
        tokens = scan(text)
    except ParseError:
        return
    for token in tokens:
        if token.name in ("IDENT", "UIDENT"):
            yield text[token.start : token.end + 1].strip('"').replace('""', '"'), token.start


def _cut(name: str) -> str:
    return name.encode()[:MAX_BYTES].decode(errors="ignore")
