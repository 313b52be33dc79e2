"""Statements that run outside a transaction, in a schema whose lock the session holds meanwhile."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql

from migrator.errors import (
    MigratorError,
    PooledSession,
    SchemaLocked,
    SchemaRefused,
    SchemaRefusedForNow,
    TransientError,
    UnknownSchema,
)
from migrator.model.identifier import quoted
from migrator.queries import load_queries
from migrator.schema import history, pooler, refusal
from migrator.schema.history import HistoryTable
from migrator.schema.rules import Rules
from migrator.schema.session import Session
from migrator.schema.sqlstate import is_lost, is_passing

_QUERIES = load_queries(Path(__file__).parent / "sql" / "maintenance.sql")
_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 0.5


class Alone:
    """One schema of one session, for statements that commit by themselves."""

    def __init__(self, session: Session, table: HistoryTable, rules: Rules) -> None:
        self.session, self.table, self.rules = session, table, rules

    def ask(self, query: str) -> Sequence[tuple[Any, ...]]:
        """The rows of a query of maintenance.sql. Raises QueryRefused."""
        return self.session.ask(self._text(query))

    def run(self, query: str, name: str, doing: str, *, waits: bool = False) -> None:
        """Run a statement of maintenance.sql on one object, again while it is refused for now.

        ``waits``: it may wait for old transactions to end, as what is done CONCURRENTLY has to. Raises
        SchemaRefused, SchemaRefusedForNow when it was refused too often, ConnectionLost.
        """
        for left in reversed(range(self.rules.tries)):
            try:
                self._run_once(self._text(query, name=sql.Identifier(name)), doing, waits)
                return
            except TransientError:
                if not left or self.session.is_closed:
                    raise

    @contextmanager
    def holding(self, doing: str) -> Iterator[None]:
        """The schema's lock, so that nobody migrates it meanwhile; asked for again and again without a transaction.

        Raises SchemaLocked, UnknownSchema, and PooledSession where the lock would be left behind.
        """
        self._check(doing)
        pause, deadline = _FIRST_PAUSE, time.monotonic() + self.rules.schema_lock_wait
        while not self.ask("take_lock")[0][0]:
            if time.monotonic() >= deadline:
                raise self._locked()
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
        try:
            yield
        finally:
            self.session.let_go(self.session.text(self.table.compose("let_go")))

    def _check(self, doing: str) -> None:
        if not history.schema_exists(self.session, self.table):
            raise UnknownSchema(database=self.session.database_id, schema=self.table.schema)
        if pooler.is_behind_pooler(self.session) and pooler.changes_connections(self.session):
            raise PooledSession(database=self.session.database_id, script=doing)

    def _run_once(self, statement: str, doing: str, waits: bool) -> None:
        lock_timeout = 0 if waits else self.rules.lock_timeout
        patience = {"lock_timeout": lock_timeout, "statement_timeout": self.rules.statement_timeout}
        try:
            self.session.run(self._text("patience", **{name: _milliseconds(value) for name, value in patience.items()}))
            self.session.run(statement)
        except psycopg2.Error as error:
            raise self._refused(error, doing) from None

    def _refused(self, error: psycopg2.Error, doing: str) -> MigratorError:
        schema, database = self.table.schema, self.session.database_id
        if is_lost(error, self.session.is_closed):
            return refusal.lost(error, database, schema)
        kind = SchemaRefusedForNow if is_passing(error.pgcode) else SchemaRefused
        reason, sqlstate = (error.diag.message_primary or str(error)).strip(), error.pgcode or "unknown"
        said = {"doing": doing, "sqlstate": sqlstate, "reason": reason, "state": refusal.UNTOUCHED}
        return kind(schema=schema, database=database, **said)

    def _locked(self) -> SchemaLocked:
        found = self.session.ask(self.session.text(self.table.compose("holder")))
        holder, since = found[0] if found else ("a session that just ended", "a moment ago")
        return SchemaLocked(schema=self.table.schema, database=self.session.database_id, holder=holder, since=since)

    def _text(self, query: str, **more: sql.Composable) -> str:
        names = {
            "schema": sql.Identifier(self.table.schema),
            "schema_name": sql.Literal(quoted(self.table.schema)),
            "lock": sql.Literal(self.table.lock),
        }
        return self.session.text(sql.SQL(_QUERIES[query]).format(**names, **more))


def _milliseconds(seconds: float) -> sql.Composable:
    return sql.Literal(f"{int(seconds * 1000)}ms")
