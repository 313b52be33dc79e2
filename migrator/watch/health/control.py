"""The control database: does it answer, with our tables, at the right time; and what waits in it."""

from __future__ import annotations

import time

from sqlalchemy import Connection

from migrator.errors import ControlSchemaMissing, MigratorError
from migrator.fleet import health
from migrator.fleet.store import Store
from migrator.model.health import Health, HealthCheck, graded
from migrator.watch.health.clocks import clock
from migrator.watch.progress import spoken_seconds

NAME = "control database"
EVENT_WARN, EVENT_FAIL = 60.0, 600.0
"""Seconds that an event waits to be taken up."""


def control_database(store: Store) -> list[HealthCheck]:
    """Reachable, its schema as this release needs it, how quick, and its clock beside ours."""
    started = time.monotonic()
    try:
        store.check_schema()
        with store.begin() as connection:
            before = time.time()
            version, moment = health.control(connection)
            after = time.time()
    except ControlSchemaMissing as error:
        return [HealthCheck(NAME, Health.FAIL, "wrong schema", str(error), "run 'migrator init' before workers start")]
    except MigratorError as error:
        advice = "see whether its server runs, and whether MIGRATOR_CONTROL_URL leads there"
        return [HealthCheck(NAME, Health.FAIL, "no answer", str(error), advice)]
    figure = f"schema {version}, {(time.monotonic() - started) * 1000:.0f} ms"
    return [HealthCheck(NAME, Health.OK, figure, store.address), clock(NAME, moment, before, after)]


def waiting(connection: Connection, lease: float) -> list[HealthCheck]:
    """The oldest event that nobody has taken, and leases that ran out and were not taken over."""
    return [_oldest(connection), _leases(connection, lease)]


def _oldest(connection: Connection) -> HealthCheck:
    found = health.waiting_events(connection)
    if not found.waiting:
        return HealthCheck("events", Health.OK, "none waits", "every event that is due was taken up")
    seconds = float(found.seconds)
    sentence = f"{found.waiting} events are due and were not taken up, the oldest for {spoken_seconds(seconds)}"
    advice = "see whether beat and a worker for its queue run: 'migrator events'"
    state = graded(seconds, EVENT_WARN, EVENT_FAIL)
    return HealthCheck("events", state, spoken_seconds(seconds), sentence, advice if state is not Health.OK else "")


def _leases(connection: Connection, lease: float) -> HealthCheck:
    found = health.leases(connection, lease)
    figure = f"{found.live} live, {found.expired} expired"
    if not found.forgotten:
        return HealthCheck("leases", Health.OK, figure, "no claim was left behind")
    sentence = f"{found.forgotten} claims ran out more than {lease:.0f} s ago and nobody took them over"
    return HealthCheck(
        "leases", Health.WARN, figure, sentence, "see whether beat and workers run, else 'migrator executions'"
    )
