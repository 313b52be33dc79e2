"""A lane: one connection to one database, working through the free targets of a wave."""

from __future__ import annotations

import time
from typing import Any

import structlog
from celery import Task
from celery.utils.time import get_exponential_backoff_interval

from migrator.errors import BreakerOpen, MigratorError, TransientError
from migrator.fleet import claims, gate, waves
from migrator.fleet.claims import Claimer
from tasks import desk
from tasks.application import app
from tasks.breaker import BreakerTask, countdown
from tasks.gate import GateClosed, pass_gate
from tasks.losses import holder_for
from tasks.shift import NoSlot, work_shift

MOST_LOST_CHILDREN = 20
"""So many children may die under the same message. It is the ledger that gives up a target on which they die; a lane
that failed for good would keep its chord from its body."""
BUSY_PAUSE = 1.0
"""Seconds before a lane that found no slot asks again."""

log = structlog.get_logger("migrator.lane")


class LaneTask(BreakerTask):
    """Its database is its second argument."""

    abstract = True
    max_retries = desk.settings().max_retries + MOST_LOST_CHILDREN

    def database_of(self, execution_id: str, database_id: str, wave: int) -> str:
        """The one that it works on."""
        return database_id

    def is_wanted(self, execution_id: str, database_id: str, wave: int) -> bool:
        """Not when the execution was paused or ended meanwhile; without a ledger nobody knows."""
        try:
            with desk.store().begin() as connection:
                return gate.standing(connection, claimer_for(self, execution_id, database_id, wave)).has_free
        except TransientError:
            return True

    def waits(self, seconds: float, execution_id: str, database_id: str, wave: int) -> None:
        """Tell upkeep that this lane is not lost: no other one is sent in its place."""
        patience = seconds + desk.settings().lease
        try:
            with desk.store().begin() as connection:
                waves.note_lane_waits(connection, claimer_for(self, execution_id, database_id, wave), patience)
        except TransientError as error:
            log.warning("lane could not tell that it waits", reason=str(error))


@app.task(name="migrator.lane", bind=True, base=LaneTask)
def lane(self: LaneTask, execution_id: str, database_id: str, wave: int) -> dict[str, Any]:
    """Work on the free targets of a database until there are none; never raises, the ledger has the outcomes.

    As the header of a chord it must not fail, or the body would not run. After each slice of time it sends
    itself again, behind whatever is more urgent, still in the same chord. Neither a closed gate, a missing slot nor
    an open breaker counts as a try; a lane that got somewhere starts with all its tries again.
    """
    structlog.contextvars.bind_contextvars(event_id=execution_id, execution=execution_id, database=database_id)
    claimer = claimer_for(self, execution_id, database_id, wave)
    try:
        pass_gate(claimer)
        finished = work_shift(claimer, time.monotonic() + desk.settings().lane_slice)
    except GateClosed as closed:
        self.wait_outside(closed.seconds)
    except NoSlot:
        self.wait_outside(BUSY_PAUSE)
    except BreakerOpen as shut:
        if not shut.is_hopeless:
            self.wait_outside(countdown(shut))
        give_up(claimer, shut)
    except TransientError as error:
        if self.request.retries < desk.settings().max_retries:
            raise self.retry(exc=error, countdown=_pause(self)) from error
        give_up(claimer, error)
    except MigratorError as error:
        give_up(claimer, error)
    else:
        if not finished:
            self.come_again(0, retries=0)
    return {"database": database_id, "wave": wave}


def claimer_for(task: Task, execution_id: str, database_id: str, wave: int) -> Claimer:
    """A new claimer: an earlier attempt of the same lane may still be at work, so each has a name of its own."""
    holder = str(holder_for(task.request.id or ""))
    return Claimer(execution_id, database_id, wave, holder, desk.settings().lease)


def give_up(claimer: Claimer, error: MigratorError) -> None:
    """Nobody can work on this database: its free targets fail with the reason."""
    log.error("database is given up", reason=str(error))
    with desk.store().begin() as connection:
        claims.fail_free(connection, claimer, str(error))


def _pause(task: LaneTask) -> float:
    chosen = desk.settings()
    return float(
        get_exponential_backoff_interval(
            factor=max(1, int(chosen.retry_backoff)),
            retries=task.request.retries,
            maximum=int(chosen.retry_backoff_max),
            full_jitter=True,
        )
    )
