"""Before a lane claims anything it comes to the gate of its database: preflight decides whether it may go on."""

from __future__ import annotations

import structlog
from sqlalchemy import Connection

from migrator.errors import DatabaseStopped
from migrator.fleet import gate, lanes, registry
from migrator.fleet.claims import Claimer
from migrator.fleet.gate import LookTaken
from migrator.model.check import Check
from migrator.model.execution import Work
from migrator.model.gate import Look, Passage, Watch, obstacles, passage
from migrator.model.preflight import Needs
from migrator.schema.preflight import APPLICATION, preflight
from tasks import desk
from tasks.breaker import reach

MOST_SCHEMAS = 1000
"""More than a database gets through until the next look; to ask for all of 10,000 would cost more than it tells."""
BUSY_PAUSE = 1.0
"""Seconds before a lane asks again what another one found."""
READS_ONLY = frozenset((Work.VALIDATE, Work.DRIFT, Work.SNAPSHOT))
"""Work that waits for nobody's locks and needs no database that may be written to."""

log = structlog.get_logger("migrator.gate")


class GateClosed(Exception):
    """Preflight says stop, or has not said anything yet; nothing was claimed. Come back in so many ``seconds``."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


def pass_gate(claimer: Claimer) -> None:
    """Return when the lane may claim; raises GateClosed when it has to wait.

    Raises DatabaseStopped when it has had to wait for too long, and BreakerOpen. Holds neither slot nor connection
    afterwards. A database that cannot be asked lets the lane through, which then meets the reason itself.
    """
    with desk.store().begin() as connection:
        here = gate.standing(connection, claimer)
    if not here.has_free or here.work in READS_ONLY:
        return
    chosen = desk.settings()
    watch = Watch(chosen.preflight_every, chosen.preflight_patience, here.is_forced)
    look = here.look
    if look is None or passage(look, watch) is Passage.LOOK:
        look = _looked(claimer, watch)
    match passage(look, watch):
        case Passage.WAIT:
            raise GateClosed(watch.every - look.age)
        case Passage.GIVE_UP:
            raise DatabaseStopped(
                database=claimer.database_id,
                seconds=round(look.stopped),
                reason="; ".join(check.told for check in obstacles(look.checks)),
            )


def _looked(claimer: Claimer, watch: Watch) -> Look:
    """A fresh look: our own, or that of another lane that was at it.

    The row is locked meanwhile, for a dozen milliseconds; a lane that dies while it looks lets go of it. Where it
    takes long others come back later, so that no worker is kept from more urgent events.
    """
    try:
        return _look(claimer, watch)
    except LookTaken:
        raise GateClosed(BUSY_PAUSE) from None


def _look(claimer: Claimer, watch: Watch) -> Look:
    with desk.store().begin() as connection:
        last = gate.lock_look(connection, claimer)
        if last is not None and passage(last, watch) is not Passage.LOOK:
            return last
        checks = _checks(connection, claimer)
        _tell(checks, watch)
        return gate.record_look(connection, claimer, checks, watch.every + claimer.lease_seconds)


def _checks(connection: Connection, claimer: Claimer) -> tuple[Check, ...]:
    """Look at the database. Lanes that are at work have their connections and locks already."""
    database = registry.find_database(connection, claimer.database_id)
    schemas = gate.free_schemas(connection, claimer, MOST_SCHEMAS)
    more = desk.budget(database).bulk - lanes.taken(connection, database.id)
    needs = Needs(schemas, lanes=max(0, min(more, len(schemas))))
    return preflight(lambda: reach(database, APPLICATION), needs, desk.preflight_limits())


def _tell(checks: tuple[Check, ...], watch: Watch) -> None:
    for check in obstacles(checks):
        log.warning("stop is overridden" if watch.is_forced else "database is stopped", reason=check.told)
