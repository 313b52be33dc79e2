"""The way to a target database past its breaker, and the base class of the tasks that take it.

A database that cannot be reached is not tried by everybody who comes: after some failures its breaker opens, and
tasks wait, without a worker, a slot or a connection, until one probe has found it back.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import structlog
from celery import Task
from celery.exceptions import Ignore

from migrator.errors import BreakerOpen, DatabaseUnreachable, WrongCredentials
from migrator.model.breaker import Permit
from migrator.model.target import Database
from migrator.schema.session import Session, open_session
from tasks import desk
from tasks.breakers import breakers
from tasks.broker_repairs import BROKER_ERRORS, pause_on

LONGEST_COUNTDOWN = 30.0
"""Seconds; longer ones would lie in a worker's memory, where only the lease of its messages keeps them."""
SPREAD = 0.5
"""Seconds over which those who wait come back."""
LOST = "the connection was lost"

log = structlog.get_logger("migrator.breaker")


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
