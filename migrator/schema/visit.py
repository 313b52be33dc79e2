"""One visit to one schema: from taking its lock to letting go of it."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import psycopg2
from psycopg2 import sql

from migrator.errors import (
    ConnectionLost,
    MigratorError,
    PooledSession,
    SchemaLocked,
    SchemaRefused,
    SchemaRefusedForNow,
)
from migrator.model.history import History, Mark
from migrator.model.migration import Migration, Statement
from migrator.model.performance import Lap
from migrator.model.slot import filled
from migrator.schema import history, pooler, refusal, step
from migrator.schema.history import HistoryTable
from migrator.schema.laps import read_laps
from migrator.schema.rules import Rules
from migrator.schema.script import Place, Script, preface
from migrator.schema.session import Session
from migrator.schema.sqlstate import is_lost, is_passing
from migrator.schema.unfinished import Unfinished
from migrator.schema.witness import Witness

_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 0.5
_APPLIED_STATE = "the statements of this file stay applied, its history row was not written"
_ALONE_STATE = "the statements before it in this file stay applied, its history row was not written"


class Unplaced(Exception):
    """The server refused a statement without saying which; the visit is over, the error is in ``args[0]``."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of a script."""

    laps: tuple[Lap, ...] = ()
    idle: tuple[Migration, ...] = ()
    """Those that left the catalog and all rows as they were."""


class Visit:
    """A schema that we have entered, or are about to."""

    def __init__(
        self,
        session: Session,
        table: HistoryTable,
        rules: Rules,
        values: Mapping[str, str | None] | None = None,
        witness: Witness | None = None,
    ) -> None:
        self.session, self.table, self.rules, self.witness = session, table, rules, witness
        self.values = {"schema": table.schema, **(values or {})}
        self.waited = 0.0
        """Seconds for which somebody else had the schema's lock."""
        self._inside = False

    def enter(self) -> History:
        """Open a transaction, take the lock, make schema and history where missing, read history.

        While another session holds the lock it is asked for again and again: a statement that waits for a
        lock inside a transaction would deadlock the holder's CREATE INDEX CONCURRENTLY.
        """
        if self.session.is_closed:
            raise ConnectionLost(database=self.session.database_id, schema=self.table.schema, reason="it is closed")
        statement, pause = self._enter_statement(), _FIRST_PAUSE
        deadline = time.monotonic() + self.rules.schema_lock_wait
        while True:
            try:
                self._inside = True
                return history.as_history(self.session.rows(statement))
            except psycopg2.Error as error:
                self.leave()
                if error.pgcode != refusal.LOCK_TAKEN:
                    raise self._not_let(error, "opening it") from None
            if time.monotonic() >= deadline:
                raise self._locked()
            time.sleep(pause)
            self.waited += pause
            pause = min(pause * 2, _LONGEST_PAUSE)

    def leave(self) -> None:
        """Take back what was not committed; nothing to do outside."""
        if self._inside:
            self._inside = False
            self.session.roll_back()

    def keep(self, mark: Mark) -> None:
        """Commit what entering made, with a new mark."""
        self._send(self._text("mark", mark=sql.Literal(mark.as_text())) + "COMMIT")

    def apply(self, script: Script, past: History, mark: Mark, *, by_statement: bool = False) -> Applied:
        """Apply a script on top of the past that ``enter`` gave, write its history and commit. Outside afterwards.

        Returns what each migration cost, and those that changed nothing, as far as that was counted. Sent as one
        string; raises Unplaced when the server's refusal does not say where, and the same script can then be applied
        ``by_statement`` to find out.
        """
        if not script.transactional:
            return self._apply_alone(script, past, mark)
        if by_statement or not script.is_text or self.witness:
            return self._apply_by_statement(script, past, mark)
        return self._apply_whole(script, past, mark)

    def _apply_whole(self, script: Script, past: History, mark: Mark) -> Applied:
        head, body = self._begin() + script.begin, self._filled(script.body) if script.has_slots else script.body
        end = self._record(script, past, mark) + "COMMIT;" + self._laps(script)
        try:
            found = self.session.rows(head + body + end)
            self._inside = False
        except psycopg2.Error as error:
            self.leave()
            self._raise_if_lost(error)
            at = refusal.position(error)
            if at is None or script.has_slots or not 0 <= at - len(head) < len(body):
                raise Unplaced(error) from None
            raise refusal.refused(error, script.place_at(at - len(head)), self.table.schema) from None
        return _applied(script, found)

    def _apply_by_statement(self, script: Script, past: History, mark: Mark) -> Applied:
        self._send(self._begin() + script.begin)
        for number, migration in enumerate(script.migrations, start=1):
            if asked := preface(migration):
                self._send(asked)
            with self._witnessed(migration):
                if migration.code is not None:
                    self._run_code(migration)
                for statement in migration.statements:
                    self._run(Place(migration, statement))
                self._check_deferred(migration)
            self._send(script.lap(self.session, number))
        self._send(self._record(script, past, mark) + "COMMIT", "committing it")
        self._inside = False
        return _applied(script, self.session.ask(self._laps(script)))

    @contextmanager
    def _witnessed(self, migration: Migration) -> Iterator[None]:
        if self.witness:
            self.witness.begin(self.session, migration)
        yield
        if self.witness:
            self.witness.end(self.session, migration)

    def _run_code(self, migration: Migration) -> None:
        """Code gets the transaction to work in; one that it ended by itself cannot be taken back any more."""
        if migration.code is None:
            return
        try:
            step.run_step(migration.code, migration, self.session, self.table.schema, refusal.UNTOUCHED)
        except MigratorError:
            self.leave()
            raise
        [[ours]] = self.session.ask("SELECT coalesce(current_setting('migrator.search_path', true), '') <> ''")
        if not ours:
            self.leave()
            raise step.ended_transaction(migration, self.table.schema)

    def _apply_alone(self, script: Script, past: History, mark: Mark) -> Applied:
        """Each statement commits by itself, so the lock is held by the session until history is written.

        The mark notes which statement comes next, and a later visit goes on there.
        """
        [migration] = script.migrations
        if pooler.is_behind_pooler(self.session):
            self._refuse_changing_connections(migration, past)
        self._send(self._text("hold") + "COMMIT")
        self._inside = False
        try:
            started = time.monotonic()
            self._send(self._settings() + preface(migration, "SESSION"))
            with self._witnessed(migration):
                self._run_from(_reached(past, migration), migration, past.mark or Mark(None, ""))
            seconds = time.monotonic() - started
            begin = self._own() + self._text("laps_alone", milliseconds=sql.Literal(int(seconds * 1000)))
            self._send(begin + self._record(script, past, mark) + "COMMIT", "writing its history", _APPLIED_STATE)
        finally:
            self.session.roll_back()
            self.session.let_go(self._text("let_go"))
        return Applied((Lap(migration.script, seconds),))

    def _refuse_changing_connections(self, migration: Migration, past: History) -> None:
        self.leave()
        if pooler.changes_connections(self.session):
            raise PooledSession(database=self.session.database_id, script=migration.script)
        if self.enter() != past:
            raise self._locked()

    def _run_from(self, first: int, migration: Migration, mark: Mark) -> None:
        if migration.code is not None:
            step.run_step(migration.code, migration, self.session, self.table.schema, _ALONE_STATE)
        number = 0
        for unit in migration.units():
            if number >= first:
                begun = number == first and mark.begun == migration.begun_as
                self._run_unit(unit, number, migration, mark, begun=begun)
            number += len(unit)

    def _run_unit(
        self, unit: Sequence[Statement], number: int, migration: Migration, mark: Mark, *, begun: bool
    ) -> None:
        """Statements that commit together with the note which one comes next, or one that commits by itself."""
        state = _ALONE_STATE if number else refusal.UNTOUCHED
        note = self._note(mark, migration, number)
        if unit[0].block is None or not unit[0].transactional:
            [statement] = unit
            self._send(self._own() + note + "COMMIT", "noting its next statement", state)
            if left := self._unfinished().left_of(statement, begun=begun):
                self._run(Place(migration, left), _ALONE_STATE)
            return
        self._send("BEGIN;" + self._settings("LOCAL") + preface(migration))
        for statement in unit:
            self._run(Place(migration, statement), state)
        self._send(self._note(mark, migration, number + len(unit)) + "COMMIT", "committing a part of it", state)

    def _note(self, mark: Mark, migration: Migration, number: int) -> str:
        """The mark that says with which statement a later visit goes on."""
        noted = replace(mark, begun=migration.begun_as, statements=number)
        return self._text("mark", mark=sql.Literal(noted.as_text()))

    def _unfinished(self) -> Unfinished:
        return Unfinished(self.session, self._text, self._send, self._filled)

    def _check_deferred(self, migration: Migration) -> None:
        """What would fail at COMMIT fails here, where the file is known."""
        line = migration.statements[-1].line if migration.statements else 1
        self._run(Place(migration, Statement("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED", line)))

    def _run(self, place: Place, state: str = refusal.UNTOUCHED) -> None:
        text = self._filled(place.statement.text)
        try:
            if place.statement.data is None:
                self.session.run(text)
            else:
                with self.session.connection.cursor() as cursor:
                    cursor.copy_expert(text, io.StringIO(place.statement.data))
        except psycopg2.Error as error:
            self.leave()
            self._raise_if_lost(error)
            at = refusal.position(error)
            raise refusal.refused(error, place.at(at), self.table.schema, state) from None

    def _send(self, statements: str, doing: str = "opening it", state: str = refusal.UNTOUCHED) -> None:
        try:
            self.session.run(statements)
        except psycopg2.Error as error:
            self.leave()
            raise self._not_let(error, doing, state) from None

    def _not_let(self, error: psycopg2.Error, doing: str, state: str = refusal.UNTOUCHED) -> MigratorError:
        schema, database = self.table.schema, self.session.database_id
        if is_lost(error, self.session.is_closed):
            return refusal.lost(error, database, schema)
        kind = SchemaRefusedForNow if is_passing(error.pgcode) else SchemaRefused
        reason, sqlstate = (error.diag.message_primary or str(error)).strip(), error.pgcode or "unknown"
        return kind(schema=schema, database=database, doing=doing, sqlstate=sqlstate, reason=reason, state=state)

    def _raise_if_lost(self, error: psycopg2.Error) -> None:
        if is_lost(error, self.session.is_closed):
            raise refusal.lost(error, self.session.database_id, self.table.schema) from None

    def _locked(self) -> SchemaLocked:
        found = self.session.ask(self._text("holder"))
        holder, since = found[0] if found else ("a session that just ended", "a moment ago")
        return SchemaLocked(schema=self.table.schema, database=self.session.database_id, holder=holder, since=since)

    def _enter_statement(self) -> str:
        return self._text(
            "enter",
            lock_timeout=_milliseconds(self.rules.lock_timeout),
            statement_timeout=_milliseconds(self.rules.statement_timeout),
        )

    def _begin(self) -> str:
        """Its last statement is ended by the first lap."""
        return self._text("path", search_path=self._search_path())

    def _settings(self, scope: str = "SESSION") -> str:
        patience = self.rules.lock_timeout if scope == "LOCAL" else 0
        return self._text(
            "settings_alone",
            scope=sql.SQL(scope),
            search_path=self._search_path(),
            lock_timeout=_milliseconds(patience),
            statement_timeout=_milliseconds(self.rules.statement_timeout),
            patience=_milliseconds(self.rules.lock_timeout),
        )

    def _filled(self, text: str) -> str:
        return filled(text, self.values, self.table.schema)

    def _laps(self, script: Script) -> str:
        return self.session.text(history.laps(len(script.migrations), measures=script.measures))

    def _own(self) -> str:
        return self._text("own", lock_timeout=_milliseconds(self.rules.lock_timeout))

    def _search_path(self) -> sql.Composed:
        return sql.SQL(", ").join(sql.Identifier(name) for name in (self.table.schema, *self.rules.shared_schemas))

    def _record(self, script: Script, past: History, mark: Mark) -> str:
        return self.session.text(history.record(self.table, script.rows, past.newest_rank, mark))

    def _text(self, name: str, **more: sql.Composable) -> str:
        return self.session.text(self.table.compose(name, **more))


def _applied(script: Script, found: Sequence[tuple[Any, ...]]) -> Applied:
    """What the question behind COMMIT says; an empty file is not expected to change anything."""
    if not script.measures:
        return Applied(idle=_not_empty(script, [number for (number,) in found]))
    laps, idle = read_laps([migration.script for migration in script.migrations], found)
    return Applied(tuple(laps), _not_empty(script, idle))


def _not_empty(script: Script, numbers: Sequence[int]) -> tuple[Migration, ...]:
    found = (script.migrations[number - 1] for number in numbers)
    return tuple(migration for migration in found if migration.statements or migration.code)


def _reached(past: History, migration: Migration) -> int:
    """The number of the statement to go on with; 0 for a script that was never begun."""
    return past.mark.statements if past.mark is not None and past.mark.begun == migration.begun_as else 0


def _milliseconds(seconds: float) -> sql.Composable:
    return sql.Literal(f"{int(seconds * 1000)}ms")
