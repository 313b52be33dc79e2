"""The target databases: reachable through their credentials, of a version we know, with room, and not shut off."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import replace
from typing import Any

from sqlalchemy import Row

from migrator.errors import MigratorError
from migrator.model.check import Check, Verdict
from migrator.model.health import Health, HealthCheck, worst_of
from migrator.model.preflight import Needs, PreflightLimits, check
from migrator.schema.preflight import read_facts
from migrator.schema.session import Session
from migrator.watch.health.clocks import clock

SHOWN = ("reachable", "version", "connections")
WANTED = ("version", "writable", "connections", "replicas")
"""Those of preflight's checks that are about the database and not about the moment."""
_HEALTH = {Verdict.OK: Health.OK, Verdict.WARN: Health.WARN, Verdict.STOP: Health.FAIL}
_CLOCK = "SELECT extract(epoch FROM clock_timestamp())::double precision"


def database_checks(
    database_id: str, opening: Callable[[], Session], lanes: int, limits: PreflightLimits, shut: Row[Any] | None
) -> list[HealthCheck]:
    """Each question about one database; its breaker's row is None while that is closed."""
    return [*breaker(shut), *_looked(database_id, opening, Needs(lanes=lanes), limits)]


def summed_up(database_id: str, checks: Iterable[HealthCheck]) -> HealthCheck:
    """One line for a database: the worst of what was found, and the figures."""
    found = list(checks)
    worst = worst_of(found)
    name, figures = f"database {database_id}", ", ".join(each.figure for each in found if each.name in SHOWN)
    if worst is Health.OK:
        return HealthCheck(name, worst, figures, "it can be migrated")
    bad = [each for each in found if each.health is worst]
    sentence = "; ".join(f"{each.name}: {each.sentence}" for each in bad)
    return HealthCheck(
        name, worst, figures or bad[0].figure, sentence, "; ".join(each.advice for each in bad if each.advice)
    )


def named(database_id: str, checks: Iterable[HealthCheck]) -> list[HealthCheck]:
    """The questions one by one, each with the database's name."""
    return [each if database_id in each.name else replace(each, name=f"{database_id} {each.name}") for each in checks]


def breaker(row: Row[Any] | None) -> list[HealthCheck]:
    """Whether the way to it is shut off."""
    if row is None:
        return [HealthCheck("breaker", Health.OK, "closed", "everybody may try to connect")]
    state = Health.WARN if row.state == "half-open" else Health.FAIL
    advice = "when the database is back: 'migrator breaker reset', or wait for the next probe"
    return [HealthCheck("breaker", state, row.state, f"since {row.at:%Y-%m-%d %H:%M:%S}: {row.reason}", advice)]


def _looked(
    database_id: str, opening: Callable[[], Session], needs: Needs, limits: PreflightLimits
) -> list[HealthCheck]:
    started = time.monotonic()
    try:
        with closing(opening()) as session:
            before = time.time()
            [[moment]] = session.ask(_CLOCK)
            after = time.time()
            found = check(read_facts(session, ()), needs, limits)
    except MigratorError as error:
        advice = "check its address, its credential, and whether the server runs"
        return [HealthCheck("reachable", Health.FAIL, "no", str(error), advice)]
    latency = f"{(time.monotonic() - started) * 1000:.0f} ms"
    reached = HealthCheck("reachable", Health.OK, latency, "the database lets us in")
    return [
        reached,
        *map(_as_health, (c for c in found if c.name in WANTED)),
        clock(database_id, moment, before, after),
    ]


def _as_health(found: Check) -> HealthCheck:
    return HealthCheck(found.name, _HEALTH[found.verdict], found.figure, found.sentence, found.advice)
