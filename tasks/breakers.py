"""The breakers as this process asks for them, and what is written down when one changes its state.

Each is a hash in Valkey that all workers share (``tasks/breaker_store.py``); what opens and closes one is decided
in ``migrator/model/breaker.py``.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from functools import cache
from typing import Any

import structlog
from redis.exceptions import RedisError

from migrator.errors import BreakerOpen, BreakerStoreUnreachable, MigratorError, SettingsMissing
from migrator.fleet import breakers as changes
from migrator.model.breaker import Breaker, BreakerState, Permit, Thresholds, is_hopeless, waiting
from migrator.model.target import Database
from tasks import desk
from tasks.breaker_store import Answer, BreakerStore
from tasks.notice import notice

AWAY_SECONDS = 5.0
"""For so long a store that did not answer is not asked again."""

_HAPPENINGS = {
    BreakerState.OPEN: "breaker opened",
    BreakerState.HALF_OPEN: "breaker probes",
    BreakerState.CLOSED: "breaker closed",
}

log = structlog.get_logger("migrator.breaker")


class Breakers:
    """The breakers as this process asks for them. Without a store, or while it is away, everybody may try."""

    def __init__(self, store: BreakerStore | None, thresholds: Thresholds, patience: float) -> None:
        self._store, self.thresholds, self.patience = store, thresholds, patience
        self._lock = threading.Lock()
        self._is_away, self._silent_until = False, 0.0

    def look(self, database_id: str) -> BreakerOpen | None:
        """Why nobody should try now; takes no permit."""
        answer = self.state(database_id)
        return None if answer is None or answer.permit.granted else self._open(database_id, answer)

    def state(self, database_id: str) -> Answer | None:
        """The breaker as it is; None when nobody knows."""
        return self._run("look", database_id)

    def allow(self, database_id: str) -> Permit:
        """Raises BreakerOpen. Whoever has a permit says what became of it: succeeded, failed or given back."""
        answer = self._run("allow", database_id)
        if answer is not None and not answer.permit.granted:
            raise self._open(database_id, answer)
        return answer.permit if answer is not None else Permit()

    def succeeded(self, database_id: str, permit: Permit) -> None:
        """The database was reached."""
        self._run("succeeded", database_id, probe=permit.probe)

    def failed(self, database: Database, permit: Permit, reason: str) -> BreakerOpen | None:
        """It was not reached, or the connection broke; returns what is to be raised when the breaker is open now."""
        most = own_thresholds(database, self.thresholds)
        answer = self._run("failed", database.id, probe=permit.probe, reason=reason, thresholds=most)
        if answer is None or answer.after.state is BreakerState.CLOSED:
            return None
        return self._open(database.id, answer)

    def give_back(self, database_id: str, permit: Permit) -> None:
        """The permit was not used."""
        if permit.probe:
            self._run("give_back", database_id, probe=permit.probe)

    def forget(self, database_id: str, why: str) -> None:
        """Close it, what was known is true no more; not one that an operator holds open."""
        known = self.state(database_id)
        if known is not None and known.after.failures and not known.after.is_held:
            self._run("reset", database_id, why=why)

    def _run(self, script: str, database_id: str, *, why: str | None = None, **more: Any) -> Answer | None:
        if self._store is None or time.monotonic() < self._silent_until:
            return None
        try:
            answer = self._store.run(script, database_id, **more)
        except RedisError as error:
            self._went_away(error)
            return None
        self._came_back()
        note_change(database_id, answer, desk.host(), why)
        return answer

    def _went_away(self, error: RedisError) -> None:
        with self._lock:
            told, self._is_away = self._is_away, True
            self._silent_until = time.monotonic() + AWAY_SECONDS
        if not told:
            log.warning("breakers cannot be asked, every database is tried meanwhile", reason=str(error))

    def _came_back(self) -> None:
        with self._lock:
            told, self._is_away = self._is_away, False
        if told:
            log.info("breakers can be asked again")

    def _open(self, database_id: str, answer: Answer) -> BreakerOpen:
        breaker, now = answer.after, answer.now
        silent = now - breaker.since
        wait = waiting(breaker, now, self.thresholds)
        if not breaker.is_held and silent < self.patience:
            wait = min(wait, self.patience - silent)
        return BreakerOpen(
            database=database_id,
            seconds=round(silent),
            reason=breaker.reason,
            wait=wait,
            is_hopeless=is_hopeless(breaker, now, self.patience),
        )


@cache
def breakers() -> Breakers:
    """Those of this process's settings."""
    return Breakers(store(), thresholds(), desk.settings().breaker_patience)


@cache
def store() -> BreakerStore | None:
    """Their shared memory, None where there is none; connected when it is first asked."""
    url = desk.settings().breaker_store_url()
    return BreakerStore(url, thresholds()) if url else None


def thresholds() -> Thresholds:
    """When breakers open, by the settings."""
    chosen = desk.settings()
    return Thresholds(
        failures=chosen.breaker_failures,
        window=chosen.breaker_window,
        open_seconds=min(chosen.breaker_open_seconds, chosen.breaker_open_longest),
        longest=chosen.breaker_open_longest,
    )


def own_thresholds(database: Database, by_settings: Thresholds) -> Thresholds:
    """As the registry has them for this database, else by the settings; the longest wait is never the shorter one."""
    seconds = database.breaker_open_seconds or by_settings.open_seconds
    return replace(
        by_settings,
        failures=database.breaker_failures or by_settings.failures,
        open_seconds=seconds,
        longest=max(by_settings.longest, seconds),
    )


def note_change(database_id: str, answer: Answer, by: str, reason: str | None = None) -> None:
    """Log and store that a breaker changed its state; a control database that is away must not stop the work."""
    before, after = answer.before, answer.after
    if (before.state, before.is_held) == (after.state, after.is_held):
        return
    reason = reason or _why(after)
    tell = log.warning if after.state is BreakerState.OPEN else log.info
    tell(_HAPPENINGS[after.state], database=database_id, state=after.state.value, reason=reason, by=by)
    try:
        with desk.store().begin() as connection:
            changes.note(connection, database_id, after.state, reason, by)
    except MigratorError as error:
        log.warning("breaker could not be noted in the ledger", database=database_id, reason=str(error))
        return
    if after.state is not BreakerState.HALF_OPEN:
        notice()


def _why(after: Breaker) -> str:
    return {
        BreakerState.CLOSED: "the database was reached",
        BreakerState.HALF_OPEN: "one probe may try",
        BreakerState.OPEN: after.reason,
    }[after.state]


def set_breaker(script: str, database_id: str, by: str) -> Breaker:
    """An operator's word: ``hold`` it open or ``reset`` it; written down with who said so.

    Raises SettingsMissing where there is no store and BreakerStoreUnreachable while it is away.
    """
    said = f"opened by {by}" if script == "hold" else f"reset by {by}"
    answer = asked(script, database_id, reason=said)
    note_change(database_id, answer, by, said)
    return answer.after


def asked(script: str, database_id: str, **more: Any) -> Answer:
    """Ask the store itself, for somebody who wants to know when it does not answer."""
    there = store()
    if there is None:
        raise SettingsMissing(what="the store of the breakers", variable="MIGRATOR_BREAKER_URL")
    try:
        return there.run(script, database_id, **more)
    except RedisError as error:
        raise BreakerStoreUnreachable(reason=error) from None


def reconcile() -> None:
    """Note breakers as closed that the store has closed or forgotten, flushed say, while nobody wrote it down."""
    with desk.store().begin() as connection:
        open_ones = changes.not_closed(connection)
    for database_id in open_ones:
        answer = breakers().state(database_id)
        if answer is not None and answer.after.state is BreakerState.CLOSED:
            with desk.store().begin() as connection:
                changes.note(connection, database_id, BreakerState.CLOSED, "the store has it closed", desk.host())
