"""One shift of a lane: take a slot of the database's budget, a connection, and work until the time is over."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import structlog
from sqlalchemy import Connection
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from migrator.errors import ControlDatabaseUnreachable
from migrator.fleet import claims, lanes, ledger, pace, registry
from migrator.fleet.claims import Claimer
from migrator.model.execution import Claim, Outcome, OutcomeState
from migrator.model.holder import lane_name
from migrator.model.pace import full_pace
from migrator.model.plan import next_batch
from migrator.schema.backends import notice_loss
from migrator.schema.session import Session
from tasks import desk, mirror, tracing
from tasks.breaker import session_to
from tasks.heartbeat import of_lane
from tasks.interrupt import interruptible
from tasks.pacing import Pacing
from tasks.proving import Unproven, prove
from tasks.takeover import lost_too_often, take_over
from tasks.told import tell
from tasks.work import Work, work_of

LET_GO_SECONDS = 5.0
"""Shorter than a stop waits for a task."""


class NoSlot(Exception):
    """All slots of the database are taken; nothing was claimed."""


def work_shift(claimer: Claimer, until: float, *, single: bool = False) -> bool:
    """Migrate free targets until there are none, then True, or until a moment of the monotonic clock, then False.

    Also False when some are free again because of something that passes: another session's lock, a lost
    connection. Raises NoSlot, BreakerOpen, or the MigratorError because of which no target of the database can be
    worked on. Whatever was claimed and not finished is free again then.
    """
    ids = {"event_id": claimer.execution_id, "execution": claimer.execution_id}
    structlog.contextvars.bind_contextvars(**ids, database=claimer.database_id)
    with desk.store().begin() as connection:
        database = registry.find_database(connection, claimer.database_id)
        execution = ledger.execution(connection, claimer.execution_id)
        budget = desk.budget(database)
        lanes.prepare(connection, database.id, budget)
        most = min(budget.bulk, execution.options.get("lanes") or budget.bulk)
        now = full_pace(budget.total) if single else pace.begin(connection, claimer, most)
        seconds = claimer.lease_seconds
        slot = lanes.take(connection, database.id, claimer.holder, budget, seconds, single=single, most=now.lanes)
    if slot is None:
        raise NoSlot
    tried: list[Claim] = []
    try:
        work = work_of(execution, database)
        name = lane_name(slot, claimer.holder, claimer.execution_id)
        with of_lane(claimer), session_to(database, name) as session, interruptible(session):
            notice_loss(session)
            paced = None if single else Pacing(claimer, slot, session, now, budget, most)
            return Shift(replace(claimer, lanes=now.lanes), work, session, paced, tried).work(until)
    finally:
        _let_go(claimer, tried)


@retry(
    retry=retry_if_exception_type(ControlDatabaseUnreachable),
    stop=stop_after_delay(LET_GO_SECONDS),
    wait=wait_fixed(0.2),
    reraise=True,
)
def _let_go(claimer: Claimer, tried: list[Claim]) -> None:
    """Free slot and claims, after a restart of the control database too: else they would wait for their lease."""
    with desk.store().begin() as connection:
        claims.give_back(connection, claimer, tried)
        lanes.leave(connection, claimer.database_id, claimer.holder)


class Shift:
    """A lane with all it needs: its claims, its work and its connection; a single target is quiet and not paced."""

    def __init__(
        self, claimer: Claimer, work: Work, session: Session, paced: Pacing | None, put_back: list[Claim]
    ) -> None:
        """Targets that were begun and have to be tried again are added to ``put_back``."""
        self.claimer, self.session, self.paced, self._put_back = claimer, session, paced, put_back
        self._work = work
        self._pace = mirror.Pace(desk.settings().progress_every)
        self._unwritten: list[Outcome] = []
        self._unproven: list[Unproven] = []
        self._current: str | None = None

    def work(self, until: float) -> bool:
        """Batch after batch; a batch is as large as what fits into about a second."""
        try:
            batch = self._turn(next_batch(0, 0))
            while batch:
                started = time.monotonic()
                self._work_on(batch, until)
                is_over = time.monotonic() >= until or self.session.is_closed
                if self.paced:
                    self.paced.between(last=is_over)
                if is_over:
                    return False
                batch = self._turn(next_batch(len(batch), time.monotonic() - started))
            return not self._put_back
        finally:
            if self._unwritten:
                self._write()
            self._show()

    def _turn(self, size: int) -> list[Claim]:
        """Write down what is done and claim what comes next, in one transaction."""
        size = self.paced.fitting(size) if self.paced else size
        with desk.store().begin() as connection:
            self._write_by(connection)
            batch = claims.claim(connection, self.claimer, size)
        self._unwritten = []
        return batch

    def _work_on(self, batch: Sequence[Claim], until: float) -> None:
        """Target after target, until the time is over or the execution is paused or over its budget.

        What was not begun is given back, and so is what was not proven before the connection was lost.
        """
        take_over(self.session, batch)
        self._work.begin(self.session, batch)
        for number, claim in enumerate(batch):
            if self.session.is_closed or (number and time.monotonic() >= until):
                break
            facts = {"database": claim.database_id, "schema": claim.schema_name, "tenant": claim.tenant_id}
            with tracing.span("target", execution=self.claimer.execution_id, **facts), _named(claim):
                self._begun(claim, lost_too_often(claim) or self._work.one(self.session, claim))
            if self._has_failed() or self._pace.is_due():
                self._prove()
                if not self._write():
                    break
                self._show()
        self._prove()

    def _begun(self, claim: Claim, found: Outcome | Unproven | None) -> None:
        if isinstance(found, Unproven):
            self._unproven.append(found)
        else:
            self._ended(claim, found)

    def _ended(self, claim: Claim, outcome: Outcome | None) -> None:
        if outcome is None:
            self._put_back.append(claim)
            return
        tell(outcome)
        self._unwritten.append(outcome)
        if self.paced:
            self.paced.saw(outcome)
        self._current = f"{claim.database_id}/{claim.schema_name}"

    def _prove(self) -> None:
        """Hold what was taken back against its proof: only then it may be written."""
        unproven, self._unproven = self._unproven, []
        if not unproven or self.session.is_closed:
            return
        for claim, outcome in prove(self.session, unproven):
            with _named(claim):
                self._ended(claim, outcome)

    def _has_failed(self) -> bool:
        return bool(self._unwritten) and self._unwritten[-1].state is OutcomeState.FAILED

    def _write(self) -> bool:
        """Write down what is done; whether there may be more."""
        with desk.store().begin() as connection:
            goes_on = self._write_by(connection)
        self._unwritten = []
        return goes_on

    def _write_by(self, connection: Connection) -> bool:
        if not self._unwritten:
            return True
        return claims.write_outcomes(connection, self.claimer.execution_id, self._unwritten).goes_on

    def _show(self) -> None:
        if self._current and self.paced:
            mirror.show(self.claimer.execution_id, self._current)


@contextmanager
def _named(claim: Claim) -> Iterator[None]:
    """Every line that the log has of a target says which it is."""
    whose = {"tenant": claim.tenant_id} if claim.tenant_id else {}
    with structlog.contextvars.bound_contextvars(schema=claim.schema_name, **whose):
        yield
