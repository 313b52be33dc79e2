"""Health of the installation, as this process sees it: every look, taken at the same time.

``healthz`` and ``readyz`` answer a probe with an HTTP status and a document; ``checkup`` tells everything.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from functools import cache, partial
from typing import Any

from sqlalchemy import Row

from config.queues import DOOR, STRICTEST_FIRST
from migrator import __version__
from migrator.errors import MigratorError
from migrator.fleet import breakers, registry
from migrator.model.health import Health, HealthCheck, worst_of
from migrator.model.target import Database
from migrator.schema.session import open_session
from migrator.watch.alerts.facts import short_pools
from migrator.watch.health import broker, control, databases, disk, pools, rhythm, workers
from migrator.watch.health.checkup import Checkup, Look
from tasks import desk
from tasks.application import app
from tasks.breaker_store import redis_url
from tasks.spares import standard

INSPECT_SECONDS = 1.0
"""For so long the workers are listened to; it is always waited for, so it is short."""
APPLICATION = "migrator health"
Answer = tuple[int, dict[str, Any]]


def checkup(names: Iterable[str] | None = None) -> list[HealthCheck]:
    """Everything, in the order in which it is shown; with names, the questions about these databases one by one.

    Takes a few seconds at the most. Raises UnknownDatabase for a name that is not registered.
    """
    chosen = _chosen(set(names or ()))
    looks = _of_ourselves() | _of_databases(chosen, apart=bool(names))
    return _runner().run(looks)


def healthz() -> Answer:
    """Whether this process lives and reaches its control database: 200 or 503, and what was found."""
    return _answer(_runner().run({control.NAME: _control}))


def readyz() -> Answer:
    """Whether events that come now are carried out: control database, broker, result backend, workers, beat, relay."""
    looks = _of_ourselves()
    wanted = (control.NAME, "broker", "result backend", "workers", "ledger")
    return _answer(_runner().run({name: looks[name] for name in wanted}))


def as_document(checks: Sequence[HealthCheck]) -> dict[str, Any]:
    """The checks as one JSON document, their worst first."""
    return {"health": worst_of(checks).value, "release": __version__, "checks": [c.as_row() for c in checks]}


def _answer(checks: Sequence[HealthCheck]) -> Answer:
    document = as_document(checks)
    return (503 if document["health"] == Health.FAIL else 200), document


@cache
def _runner() -> Checkup:
    """One for the process: it knows which looks still hang."""
    return Checkup()


def _of_ourselves() -> dict[str, Look]:
    return {
        control.NAME: _control,
        "ledger": _ledger,
        "broker": partial(_broker, "broker"),
        "result backend": partial(_broker, "result backend"),
        "workers": _workers,
        "hosts": _hosts,
        "spares": _spares,
        "snapshot room here": lambda: disk.snapshot_room(desk.settings().snapshots),
    }


def _of_databases(chosen: Sequence[Database], *, apart: bool) -> dict[str, Look]:
    shut = _shut() if chosen else {}
    return {
        f"database {database.id}": partial(_database, database, shut.get(database.id), apart=apart)
        for database in chosen
    }


def _chosen(names: set[str]) -> list[Database]:
    """Those of these names; all when there are none, and nothing while the control database is away."""
    try:
        with desk.store().begin() as connection:
            found = [registry.find_database(connection, name) for name in sorted(names)]
            return found or registry.databases(connection)
    except MigratorError:
        if names:
            raise
        return []


def _shut() -> dict[str, Row[Any]]:
    with desk.store().begin() as connection:
        return dict(breakers.not_closed(connection))


def _control() -> list[HealthCheck]:
    try:
        store = desk.store()
    except MigratorError as error:
        return [HealthCheck(control.NAME, Health.FAIL, "no answer", str(error))]
    return control.control_database(store)


def _ledger() -> list[HealthCheck]:
    chosen = desk.settings()
    with desk.store().begin() as connection:
        return [
            *control.waiting(connection, chosen.lease),
            rhythm.beat(connection, chosen.upkeep_every),
            rhythm.relay(connection),
        ]


def _spares() -> list[HealthCheck]:
    with desk.store().begin() as connection:
        return pools.spares(short_pools(connection, standard()), desk.settings().alerts.pool_short)


def _broker(name: str) -> list[HealthCheck]:
    chosen = desk.settings()
    broker_url = chosen.broker_url.get_secret_value() if chosen.broker_url else None
    url = broker_url if name == "broker" else chosen.backend_url()
    if url is None:
        advice = f"set MIGRATOR_{'BROKER_URL' if name == 'broker' else 'RESULT_BACKEND'}"
        return [HealthCheck(name, Health.FAIL, "not set", f"there is no {name}", advice)]
    if name != "broker" and url == broker_url:
        return [HealthCheck(name, Health.OK, "the broker", "results are kept where the broker is")]
    if url.startswith(("redis", "valkey")):
        return broker.look_at_redis(name, redis_url(url))
    if url.startswith(("amqp", "pyamqp")):
        return broker.look_at_amqp(name, url)
    return [HealthCheck(name, Health.OK, "not looked at", f"there is no look for {url.partition(':')[0]}")]


def _workers() -> list[HealthCheck]:
    replies = app.control.inspect(timeout=INSPECT_SECONDS).active_queues()
    return workers.workers(replies, STRICTEST_FIRST, DOOR)


def _hosts() -> list[HealthCheck]:
    before = time.time()
    replies = app.control.inspect(timeout=INSPECT_SECONDS)._request("migrator_host") or {}
    known = {name: said for name, said in replies.items() if isinstance(said, dict)}
    return workers.hosts(known, before, time.time(), __version__)


def _database(database: Database, shut: Row[Any] | None, *, apart: bool) -> list[HealthCheck]:
    """One that is shut off is not tried, unless it was asked for by name."""
    lanes, limits = desk.budget(database).bulk, desk.preflight_limits()
    if shut is not None and not apart:
        return [databases.summed_up(database.id, databases.breaker(shut))]
    opening = partial(open_session, database, APPLICATION, desk.access())
    found = databases.database_checks(database.id, opening, lanes, limits, shut)
    return databases.named(database.id, found) if apart else [databases.summed_up(database.id, found)]
