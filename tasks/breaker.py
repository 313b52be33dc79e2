"""The circuit breakers: the way to a target database, and the base class of the tasks that take it.

A database that cannot be reached is not tried by everybody who comes: after some failures its breaker opens, and
tasks wait, without a worker, a slot or a connection, until one probe has found it back.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from typing import Any, NoReturn

import structlog
from celery import Task
from celery.exceptions import Ignore
from redis.exceptions import RedisError

from migrator.errors import (
    BreakerOpen,
    BreakerStoreUnreachable,
    DatabaseUnreachable,
    MigratorError,
    SettingsMissing,
    WrongCredentials,
)
from migrator.fleet import breakers as changes
from migrator.model.breaker import Breaker, BreakerState, Permit, Thresholds, is_hopeless, waiting
from migrator.model.target import Database
from migrator.schema.session import Session, open_session
from tasks import desk
from tasks.breaker_store import Answer, BreakerStore
from tasks.broker_repairs import BROKER_ERRORS, pause_on
from tasks.notice import notice

LONGEST_COUNTDOWN = 30.0
"""Seconds; longer ones would lie in a worker's memory, where only the lease of its messages keeps them."""
SPREAD = 0.5
"""Seconds over which those who wait come back."""
AWAY_SECONDS = 5.0
"""For so long a store that did not answer is not asked again."""
LOST = "the connection was lost"
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


def reach(database: Database, application_name: str) -> Session:
    """Connect to a target database, unless its breaker is open; what becomes of it is told to the breaker.

    Raises BreakerOpen, also when this very failure opened it, and otherwise as open_session. A server that refuses
    our credentials was reached: that is no reason to wait, and the answer will not change.
    """
    permit = breakers().allow(database.id)
    try:
        session = open_session(database, application_name, desk.access())
    except DatabaseUnreachable as error:
        shut = breakers().failed(database, permit, str(error))
        raise shut or error from None
    except WrongCredentials:
        breakers().succeeded(database.id, permit)
        raise
    except BaseException:
        breakers().give_back(database.id, permit)
        raise
    breakers().succeeded(database.id, permit)
    return session


@contextmanager
def session_to(database: Database, application_name: str) -> Iterator[Session]:
    """As ``reach``, closed whatever happens; a connection that broke meanwhile counts as a failure."""
    session = reach(database, application_name)
    try:
        yield session
    finally:
        if session.is_closed:
            breakers().failed(database, Permit(), f"{LOST} while we were at work in database {database.id}")
        session.close()


class BreakerTask(Task):
    """Base of every task that touches a database. While the breaker is open it waits without having begun.

    The same message is published again with its id, chord and retries as they are, so that neither a worker nor
    a try is used up; what is raised before ``run`` would not be retried by Celery at all.
    """

    abstract = True
    Request = "tasks.losses:LeasedRequest"
    default_retry_delay = 1
    """Seconds until a message comes back whose child died; Celery's are 180."""

    def database_of(self, *args: Any, **kwargs: Any) -> str | None:
        """The database that the arguments name; None for a task that finds out later and asks by ``session_to``."""
        return None

    def is_wanted(self, *args: Any, **kwargs: Any) -> bool:
        """Whether there is still something to wait for."""
        return True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run, or come again when the breaker is open."""
        database_id = None if self.request.called_directly else self.database_of(*args, **kwargs)
        shut = breakers().look(database_id) if database_id else None
        if shut is not None and not shut.is_hopeless:
            if not self.is_wanted(*args, **kwargs):
                return None
            log.info("task waits for the breaker", task=self.name, database=database_id, seconds=round(shut.wait, 1))
            self.wait_outside(countdown(shut))
        return super().__call__(*args, **kwargs)

    def waits(self, seconds: float, *args: Any, **kwargs: Any) -> None:
        """Called before it waits for so long outside the workers."""

    def wait_outside(self, seconds: float) -> NoReturn:
        """Come again after some seconds, and say so where somebody looks for tasks that were lost."""
        self.waits(seconds, *(self.request.args or ()), **(self.request.kwargs or {}))
        self.come_again(seconds)

    def send_again(self, **options: Any) -> None:
        """Publish the message that is being worked on once more, with its id, chord and retries as they are."""
        signature = self.signature_from_request(self.request, **{"retries": self.request.retries, **options})
        Task.apply_async(self, signature.args, signature.kwargs, **signature.options)

    def come_again(self, seconds: float, **options: Any) -> NoReturn:
        """Send again and raise Ignore: the answer is the later one's to give. Upkeep sees to what could not be sent."""
        wait = {"countdown": pause_on(self.app, seconds)} if seconds else {}
        try:
            self.send_again(**wait, **options)
        except BROKER_ERRORS as error:
            log.warning("task could not be sent again, upkeep will", task=self.name, reason=str(error))
        raise Ignore


def countdown(shut: BreakerOpen) -> float:
    """Seconds until a task looks at the breaker again; less than a lease, so that nobody takes it for lost."""
    most = min(LONGEST_COUNTDOWN, desk.settings().lease / 2)
    return min(max(shut.wait, 0.1) + random.uniform(0, SPREAD), most)  # noqa: S311 - a spread, no secret


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
