"""The task that looks after the spares of a database, on the queue ``low``, and who asks for it."""

from __future__ import annotations

import time

import structlog

from migrator.errors import BreakerOpen, MigratorError
from migrator.fleet import spares as pool
from migrator.model.target import Scope
from tasks import desk
from tasks.application import app
from tasks.breaker import BreakerTask, countdown
from tasks.pool import NotNow, PoolTaken, state_of, tend
from tasks.shift import NoSlot
from tasks.spares import ask_for_spares, standard

BUSY_PAUSE = 1.0
"""Seconds before it comes again when all lanes of the database are taken."""
REST_SECONDS = 10.0
"""Upkeep asks for the same pool no more often."""
VERIFY_SECONDS = 600.0
"""All spares are verified at least so often."""

log = structlog.get_logger("migrator.spare")


class SparesTask(BreakerTask):
    """Its database is its first argument."""

    abstract = True

    def database_of(self, database_id: str) -> str:
        """The one whose pool it is."""
        return database_id


@app.task(name="migrator.spares", bind=True, base=SparesTask, ignore_result=True)
def fill_spares(self: SparesTask, database_id: str) -> None:
    """Bring a database's spares to the folder's state and to the number that is wanted; twice does no harm."""
    structlog.contextvars.bind_contextvars(database=database_id)
    try:
        done = tend(database_id, time.monotonic() + desk.settings().lane_slice)
    except PoolTaken:
        return
    except NoSlot:
        self.come_again(BUSY_PAUSE)
    except NotNow:
        self.come_again(0)
    except BreakerOpen as shut:
        if not shut.is_hopeless:
            self.come_again(countdown(shut))
        log.warning("spares could not be seen to", reason=str(shut))
    except MigratorError as error:
        log.warning("spares could not be seen to", reason=str(error))
    else:
        log.info("spares are seen to", ready=done.ready, made=done.made, forwarded=done.forwarded, reason=done.refusal)


def look_around() -> None:
    """Ask for those pools that have too few spares, or were not verified for long."""
    try:
        folder = desk.folder(Scope.TENANT)
    except MigratorError:
        return  # without a folder nothing is made
    with desk.store().begin() as connection:
        due = pool.due_pools(connection, standard(), state_of(folder), REST_SECONDS, VERIFY_SECONDS)
    for database_id in due:
        ask_for_spares(database_id)
