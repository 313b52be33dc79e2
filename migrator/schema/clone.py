"""A clone: a copy of one schema without its rows, in a scratch schema of the same database."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import psycopg2
from psycopg2 import sql

from migrator.errors import CloneFailed, MigratorError
from migrator.model.identifier import quoted
from migrator.queries import load_queries
from migrator.schema.drift import differences
from migrator.schema.fingerprint import describe
from migrator.schema.history import HistoryTable, schema_exists
from migrator.schema.pg_tools import PgTools
from migrator.schema.plain_dump import plain_dump
from migrator.schema.rules import Rules
from migrator.schema.session import Session

Renamed = Callable[[str, str, str], str]
"""A dump's text, the schema that it is of, and the name that the schema is to have in it."""

_QUERIES = load_queries(Path(__file__).parent / "sql" / "clone.sql")
_MAKES_SCHEMA = re.compile(r"^CREATE SCHEMA [^;]+;$", re.MULTILINE)
_OPTIONS = ("--schema-only", "--no-publications", "--no-subscriptions")
"""A clone among the tables of a publication would be sent to the subscribers."""
_MOST_LINES = 3


def clone(
    session: Session,
    schema: str,
    name: str,
    tools: PgTools,
    rules: Rules,
    renamed: Renamed,
    version_table: str | None = None,
) -> None:
    """Copy a schema to one of that name, with the rows of its history and of its own tool's version table alone.

    The schema itself is only read. One that is not there has no clone either; the engine will make it. Raises
    CloneFailed, also when the clone's catalog is not that of the schema; what was made is the caller's to drop.
    """
    if not schema_exists(session, HistoryTable(schema)):
        return
    patience = int(rules.lock_timeout * 1000)

    def failed(reason: str) -> MigratorError:
        return CloneFailed(schema=schema, database=session.database_id, reason=reason)

    text = plain_dump(session, schema, tools, *_OPTIONS, f"--lock-wait-timeout={patience}", failed=failed)
    made = f"CREATE SCHEMA {quoted(name)};\n" + renamed(_MAKES_SCHEMA.sub("", text, count=1), schema, name)
    tables = _tables(session, schema, [rules.history_table, *([version_table] if version_table else [])])
    rows = "".join(query(session, "copy_rows", schema, name, table=sql.Identifier(table)) for table in tables)
    begin = query(session, "begin_clone", schema, name, lock_timeout=sql.Literal(patience))
    try:
        session.run(f"{begin}\n{made}\n{rows}\nCOMMIT; RESET ALL")
    except psycopg2.Error as error:
        session.roll_back()
        raise failed((error.diag.message_primary or str(error)).strip()) from None
    if lines := _unlike(session, schema, name, rules):
        raise failed(f"it would not be like the schema itself: {'; '.join(lines)}")


def sizes_of(session: Session, schemas: Sequence[str]) -> dict[str, int]:
    """Bytes on disk by schema, one query however many there are; a schema that does not exist is not in it."""
    text = sql.SQL(_QUERIES["sizes"]).format(schemas=sql.Literal(list(schemas)))
    return dict(session.ask(session.text(text)))


def query(session: Session, name: str, schema: str, clone_name: str = "", **more: sql.Composable) -> str:
    """A query of clone.sql with its names put in."""
    return session.text(
        sql.SQL(_QUERIES[name]).format(
            schema=sql.Identifier(schema),
            schema_name=sql.Literal(quoted(schema)),
            clone=sql.Identifier(clone_name),
            **more,
        )
    )


def _tables(session: Session, schema: str, names: Sequence[str]) -> list[str]:
    return [name for (name,) in session.ask(query(session, "tables_among", schema, tables=sql.Literal(list(names))))]


def _unlike(session: Session, schema: str, name: str, rules: Rules) -> list[str]:
    found = differences(describe(session, schema, rules.history_table), describe(session, name, rules.history_table))
    return [str(line) for line in found[:_MOST_LINES]]
