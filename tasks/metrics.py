"""The page of metrics: what is quick is asked when somebody scrapes, what takes longer beside it.

Both are kept for some seconds, so that many scrapers cost no more than one.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator

import structlog
from kombu.exceptions import KombuError
from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from config.queues import DOOR, STRICTEST_FIRST
from migrator import __version__
from migrator.errors import MigratorError
from migrator.fleet import registry
from migrator.model.history import is_current
from migrator.model.target import Scope
from migrator.watch.health.workers import consumers
from migrator.watch.metrics.fleet import version_lag
from migrator.watch.metrics.latency import Latencies
from migrator.watch.metrics.ledger import read_ledger
from migrator.watch.metrics.page import Samples
from tasks import desk
from tasks.application import app
from tasks.queues import queues_at_work
from tasks.survey import survey

KEPT_SECONDS = 5.0
FLEET_EVERY = 60.0
"""Seconds between two questions to all databases."""
FIRST_WAIT = 3.0
"""For so long the first scrape waits for what takes longer."""
AWAY = (MigratorError, KombuError, RedisError, OSError)

log = structlog.get_logger("migrator.metrics")


class LedgerCollector(Collector):
    """Reads the control database, the queues, and what was last found in the fleet."""

    def __init__(self) -> None:
        self._latencies = Latencies()
        self._lock = threading.Lock()
        self._kept: list[Metric] = []
        self._kept_until = 0.0
        self._fleet = _Aside(_read_fleet, FLEET_EVERY)

    def collect(self) -> Iterator[Metric]:
        """The families; one who comes while another one reads gets what that one found."""
        with self._lock:
            if time.monotonic() >= self._kept_until:
                self._kept = [*self._read(), *self._fleet.latest(FIRST_WAIT)]
                self._kept_until = time.monotonic() + KEPT_SECONDS
            yield from self._kept

    def describe(self) -> Iterator[Metric]:
        """Nothing: registering must not ask anybody."""
        return iter(())

    def _read(self) -> Samples:
        samples = Samples()
        samples.add("migrator_build_info", 1, version=__version__)
        try:
            with desk.store().begin() as connection:
                read_ledger(connection, self._latencies, samples)
        except MigratorError as error:
            log.warning("metrics without the control database", reason=str(error))
            samples = Samples()
            samples.add("migrator_build_info", 1, version=__version__)
            samples.add("migrator_control_database_up", 0)
        else:
            samples.add("migrator_control_database_up", 1)
        _read_queues(samples)
        return samples


class _Aside:
    """Something that takes long, done in a thread of its own when what it gave is too old."""

    def __init__(self, work: Callable[[Samples], None], every: float) -> None:
        self._work, self._every = work, every
        self._found = Samples()
        self._at: float | None = None
        self._thread: threading.Thread | None = None

    def latest(self, first_wait: float) -> Iterator[Metric]:
        """What was last found. The first time it is waited for, so long at most."""
        if not self._is_running() and (self._at is None or time.monotonic() - self._at >= self._every):
            self._thread = threading.Thread(target=self._do, name="metrics of the fleet", daemon=True)
            self._thread.start()
        if self._at is None and self._thread is not None:
            self._thread.join(first_wait)
        yield from self._found
        if self._at is not None:
            age = Samples()
            age.add("migrator_fleet_age_seconds", time.monotonic() - self._at)
            yield from age

    def _is_running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _do(self) -> None:
        samples = Samples()
        self._work(samples)
        self._found, self._at = samples, time.monotonic()


def metrics_registry() -> CollectorRegistry:
    """A registry of our own, with nothing of this process in it."""
    made = CollectorRegistry(auto_describe=False)
    made.register(LedgerCollector())
    return made


_registries: list[CollectorRegistry] = []


def metrics_page() -> bytes:
    """Our metrics in Prometheus' text format, to stand alone or behind others'. Never raises for what is away."""
    if not _registries:
        _registries.append(metrics_registry())
    return generate_latest(_registries[0])


def _read_queues(samples: Samples) -> None:
    try:
        found = queues_at_work((*STRICTEST_FIRST, DOOR), time.time())
    except AWAY as error:
        log.warning("metrics without the queues", reason=str(error))
        return
    for queue, (messages, age) in found.items():
        samples.add("migrator_queue_messages", messages, queue=queue)
        if age is not None:
            samples.add("migrator_queue_oldest_message_age_seconds", age, queue=queue)


def _read_fleet(samples: Samples) -> None:
    """One after the other; what is away is left out."""
    for read in (_read_workers, _read_versions, _read_snapshots):
        try:
            read(samples)
        except AWAY as error:
            log.warning("metrics of the fleet are not complete", reason=str(error))


def _read_workers(samples: Samples) -> None:
    taken = consumers(app.control.inspect(timeout=1.0).active_queues())
    for queue in (*STRICTEST_FIRST, DOOR):
        samples.add("migrator_workers", taken[queue], queue=queue)


def _read_versions(samples: Samples) -> None:
    folder = desk.folder(Scope.TENANT)
    with desk.store().begin() as connection:
        databases = {database.id: database for database in registry.databases(connection)}
        targets = registry.targets(connection, [Scope.TENANT], own_schema=desk.settings().own_schema)
    found = survey(targets, databases)
    behind: dict[str, int] = defaultdict(int)
    for target in targets:
        if found.asked(target):
            behind[target.database_id] += not is_current(found.mark(target), folder, None)
    for database_id in sorted({target.database_id for target in targets}):
        samples.add("migrator_database_up", database_id in found.marks, database=database_id)
        if database_id in found.marks:
            samples.add("migrator_tenants_behind", behind[database_id], database=database_id)
    versions = [found.version(target) for target in targets if found.asked(target)]
    samples.add("migrator_tenant_version_lag", version_lag(versions, folder))


def _read_snapshots(samples: Samples) -> None:
    sizes: dict[str, list[int]] = defaultdict(list)
    for snapshot in desk.snapshot_store().snapshots():
        sizes[snapshot.database].append(snapshot.size)
    for database_id, found in sorted(sizes.items()):
        samples.add("migrator_snapshots", len(found), database=database_id)
        samples.add("migrator_snapshot_bytes", sum(found), database=database_id)
