"""A lane's part in the pace of its database: it reports what it did, and decides when it is time and its turn."""

from __future__ import annotations

import time
from dataclasses import replace

import structlog

from migrator.errors import QueryRefused
from migrator.fleet import pace
from migrator.fleet.claims import Claimer
from migrator.fleet.lanes import Budget
from migrator.model.execution import Outcome, OutcomeState
from migrator.model.facts import Load
from migrator.model.pace import Pace, PaceLimits, Tally
from migrator.schema.preflight import survey_load
from migrator.schema.session import Session
from tasks import desk

REPORT_EVERY = 1.0
"""Seconds; a batch takes about as long."""

log = structlog.get_logger("migrator.pace")


class Pacing:
    """What a lane did since it last reported; and how large its batches may be."""

    def __init__(self, claimer: Claimer, slot: int, session: Session, now: Pace, budget: Budget, most: int) -> None:
        """``most``: how many lanes the execution may have here, never more than the budget."""
        self._claimer, self._session, self._bulk = claimer, session, budget.bulk
        self._limits = PaceLimits(most, lag=desk.settings().preflight_limits.lag_warn)
        self._tally, self._since = Tally(slot, 0.0), time.monotonic()
        self._refused = session.refused
        self._batch = now.batch

    def fitting(self, batch: int) -> int:
        """So many targets, or fewer when the database bears no more."""
        return min(batch, self._batch)

    def saw(self, outcome: Outcome) -> None:
        """Count a target."""
        failed = self._tally.failed + (outcome.state is OutcomeState.FAILED)
        self._tally = replace(self._tally, done=self._tally.done + 1, failed=failed)

    def between(self, *, last: bool = False) -> None:
        """Report after a batch, once in a while and when it was the ``last``; decide when that is due."""
        if not last and time.monotonic() - self._since < REPORT_EVERY:
            return
        every = desk.settings().lane_slice
        with desk.store().begin() as connection:
            self._batch, measured = pace.report(connection, self._claimer, self._taken())
        if measured >= every and not self._session.is_closed:
            self._decide(self._load(), every)

    def _taken(self) -> Tally:
        """The tally so far; a new one begins."""
        now = time.monotonic()
        refused = self._session.refused - self._refused
        tally = replace(self._tally, seconds=now - self._since, refused=refused)
        self._tally, self._since, self._refused = Tally(tally.slot, 0.0), now, self._session.refused
        return tally

    def _decide(self, load: Load | None, every: float) -> None:
        with desk.store().begin() as connection:
            after = pace.decide(connection, self._claimer, load, self._limits, every=every, bulk=self._bulk)
        if after is not None:
            self._batch = after.batch
            log.info("pace", lanes=after.lanes, batch=after.batch, move=after.move.value, reason=after.reason)

    def _load(self) -> Load | None:
        try:
            return survey_load(self._session)
        except QueryRefused as error:
            log.warning("load could not be asked for", reason=str(error))
            return None
