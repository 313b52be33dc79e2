"""A transaction that holds a schema: nobody migrates it meanwhile."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql

from migrator.errors import MigratorError, QueryRefused, SchemaLocked, SchemaRefused, SchemaRefusedForNow
from migrator.model.identifier import quoted
from migrator.model.snapshot import TableRows
from migrator.queries import load_queries
from migrator.schema import refusal
from migrator.schema.history import HistoryTable
from migrator.schema.rules import Rules
from migrator.schema.session import Session
from migrator.schema.sqlstate import is_lost, is_passing

_QUERIES = load_queries(Path(__file__).parent / "sql" / "snapshot.sql")
_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 0.5


@contextmanager
def held(session: Session, table: HistoryTable, rules: Rules, doing: str) -> Iterator[None]:
    """Hold a schema's lock in an open transaction that sees what others commit; rolled back in the end.

    Raises SchemaLocked when another session has the lock for too long.
    """
    with _transaction(session, table, rules, doing, "READ COMMITTED", ""):
        yield


@contextmanager
def frozen(session: Session, table: HistoryTable, rules: Rules, doing: str) -> Iterator[None]:
    """As ``held``, and all that is read in it is of one moment, which ``pg_export_snapshot`` gives to others."""
    has_history = session.ask(session.text(table.compose("exists")))[0][0]
    first = text(session, table, "no_writers") if has_history else ""
    with _transaction(session, table, rules, doing, "REPEATABLE READ", first):
        yield


def renew(session: Session, table: HistoryTable, rules: Rules) -> bool:
    """Begin what ``held`` began anew, at once; says whether the lock is still ours.

    A transaction goes on believing what it once looked up, for example that there is no such schema, whatever others
    have committed since.
    """
    return bool(session.ask("ROLLBACK;" + _beginning(session, table, rules) + text(session, table, "lock"))[0][0])


def table_rows(session: Session, table: HistoryTable) -> dict[str, TableRows]:
    """Every table of a schema with its rows counted, one query; partitions each for themselves."""
    found = session.ask(text(session, table, "tables"))
    if not found:
        return {}
    names = [name for name, _, _ in found]
    counts = (compose(table, "count", name=sql.Literal(name), table=sql.Identifier(name)) for name in names)
    counted = dict(session.ask(session.text(sql.SQL(" UNION ALL ").join(counts))))
    return {name: TableRows(counted[name], relation, written or 0) for name, relation, written in found}


def compose(of: HistoryTable, query: str, /, **more: sql.Composable) -> sql.Composed:
    """A query of snapshot.sql with the names of a schema put in."""
    return sql.SQL(_QUERIES[query]).format(
        **{
            "schema": sql.Identifier(of.schema),
            "history": sql.Identifier(of.table),
            "schema_name": sql.Literal(quoted(of.schema)),
            "schema_text": sql.Literal(of.schema),
            "lock": sql.Literal(of.lock),
            **more,
        }
    )


def text(session: Session, of: HistoryTable, query: str, /, **more: sql.Composable) -> str:
    """The same, as it goes over the wire."""
    return session.text(compose(of, query, **more))


def milliseconds(seconds: float) -> sql.Composable:
    """A duration as PostgreSQL's settings take it."""
    return sql.Literal(f"{int(seconds * 1000)}ms")


@contextmanager
def _transaction(
    session: Session, table: HistoryTable, rules: Rules, doing: str, level: str, first: str
) -> Iterator[None]:
    try:
        _begin(session, table, rules, doing, level, first)
        yield
    except QueryRefused as error:
        if not is_passing(error.facts["sqlstate"]):
            raise
        raise not_let(session, table.schema, doing, error.facts["sqlstate"], error.facts["reason"]) from None
    finally:
        session.roll_back()


def _begin(session: Session, table: HistoryTable, rules: Rules, doing: str, level: str, first: str) -> None:
    """Ask for the lock again and again, without a transaction in between, as the engine does."""
    begin = _beginning(session, table, rules, level)
    lock, pause, deadline = text(session, table, "lock"), _FIRST_PAUSE, time.monotonic() + rules.schema_lock_wait
    while not _is_ours(session, table, doing, begin + first, lock):
        if time.monotonic() >= deadline:
            raise _locked(session, table)
        time.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)


def _beginning(session: Session, table: HistoryTable, rules: Rules, level: str = "READ COMMITTED") -> str:
    return text(session, table, "begin", level=sql.SQL(level), lock_timeout=milliseconds(rules.lock_timeout))


def _is_ours(session: Session, table: HistoryTable, doing: str, begin: str, lock: str) -> bool:
    ours: list[tuple[Any, ...]] = [(False,)]
    try:
        session.run(begin)
        ours = session.rows(lock)
    except psycopg2.Error as error:
        if error.pgcode != refusal.LOCK_TIMEOUT:
            raise refused(session, table.schema, doing, error) from None
    if not ours[0][0]:
        session.roll_back()
    return bool(ours[0][0])


def _locked(session: Session, table: HistoryTable) -> SchemaLocked:
    found = session.ask(session.text(table.compose("holder")))
    holder, since = found[0] if found else ("a session that just ended", "a moment ago")
    return SchemaLocked(schema=table.schema, database=session.database_id, holder=holder, since=since)


def refused(session: Session, schema: str, doing: str, error: psycopg2.Error) -> MigratorError:
    """The error for a statement of ours that the server refused."""
    if is_lost(error, session.is_closed):
        return refusal.lost(error, session.database_id, schema)
    return not_let(session, schema, doing, error.pgcode, (error.diag.message_primary or str(error)).strip())


def not_let(session: Session, schema: str, doing: str, sqlstate: str | None, reason: str) -> MigratorError:
    """The same in words, by whomever they were told."""
    kind = SchemaRefusedForNow if is_passing(sqlstate) else SchemaRefused
    return kind(
        schema=schema,
        database=session.database_id,
        doing=doing,
        sqlstate=sqlstate or "unknown",
        reason=reason,
        state=refusal.UNTOUCHED,
    )
