"""Two worker hosts share one fleet: process groups and node names of their own, one budget for each database."""

from __future__ import annotations

import threading
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass

import psycopg2
import pytest

import tasks
from tests.acceptance.fleet import FIRST
from tests.acceptance.nodes import WorkerNode, wait_until

pytestmark = pytest.mark.usefixtures("celery_setup")
TENANTS, LANES, SPARE = 120, 2, 1
SLOW = "SELECT pg_sleep(0.05);"


@pytest.fixture
def worker_settings():
    return {
        "MIGRATOR_LANES": str(LANES),
        "MIGRATOR_SPARE_LANES": str(SPARE),
        "MIGRATOR_LANE_SLICE": "0.5",
        "MIGRATOR_UPKEEP_EVERY": "0.5",
        "MIGRATOR_TEMPLATES": "false",
        "MIGRATOR_LEASE": "5",
    }


@pytest.fixture
def second_host(fleet, worker_settings, tmp_path):
    """Beside the fixture's own ``worker1``: another node, as another machine would start it."""
    node = WorkerNode("worker_of_second_host", fleet.environment | worker_settings, tmp_path)
    try:
        node.ready()
        yield node
    finally:
        node.teardown()


@dataclass(frozen=True)
class Seen:
    """What the sampler found: the most connections of ours at one moment, by database, and lanes alone."""

    connections: Counter
    lanes: Counter
    looks: int


class Sampler:
    """Asks the server again and again who is connected, from one connection to another database."""

    QUERY = """SELECT datname, count(*), count(*) FILTER (WHERE application_name LIKE 'migrator lane%%')
        FROM pg_stat_activity
        WHERE datname = ANY (%s) AND backend_type = 'client backend' AND application_name LIKE 'migrator%%'
        GROUP BY datname"""

    def __init__(self, fleet):
        self._url = fleet.services.postgres.url()
        self._names = {fleet.names[name]: name for name in fleet.databases}
        self._most, self._most_lanes, self._looks = Counter(), Counter(), 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look_on)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join(10)

    def seen(self):
        return Seen(self._most, self._most_lanes, self._looks)

    def _look_on(self):
        with closing(psycopg2.connect(self._url)) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            while not self._ended.is_set():
                cursor.execute(self.QUERY, [list(self._names)])
                for database, connections, lanes in cursor.fetchall():
                    name = self._names[database]
                    self._most[name] = max(self._most[name], connections)
                    self._most_lanes[name] = max(self._most_lanes[name], lanes)
                self._looks += 1
                time.sleep(0.005)


def request(**more):
    return {"request_id": "r", "scope": "tenant", "requested_by": "a test", **more}


def migrated(fleet):
    """The history of every tenant, whoever migrated it."""
    return [fleet.history(fleet.home(n), f"tenant_{n}") for n in range(1, TENANTS + 1)]


def targets_of(node):
    """How many targets a host's log speaks of as done."""
    return sum('"schema": "tenant_' in line and '"event": "target done"' in line for line in node.logs().splitlines())


@pytest.fixture
def first_host(celery_setup):
    [worker] = celery_setup.worker_cluster
    return worker


def three_requests():
    """Three executions at once, each with a third of the tenants of both databases."""
    thirds = [[f"tenant_{n}" for n in range(1, TENANTS + 1) if n % 3 == part] for part in range(3)]
    return [tasks.migration_requested.delay(**request(target_schemas=third)) for third in thirds]


def test_two_hosts_share_a_fleet_and_stay_within_the_budget_of_each_database(fleet, first_host, second_host):
    fleet.write("V1__account.sql", FIRST + SLOW)
    fleet.register(tenants=TENANTS)
    with Sampler(fleet) as sampler:
        done = sum(sent.get(timeout=120)["done"] for sent in three_requests())
    seen = sampler.seen()
    assert (done, migrated(fleet)) == (TENANTS, [["V1__account.sql"]] * TENANTS)
    assert min(targets_of(first_host), targets_of(second_host)) > 0
    assert targets_of(first_host) + targets_of(second_host) == TENANTS
    assert seen.looks > 50
    assert dict(seen.lanes) == {"one": LANES, "two": LANES}


def test_the_budget_holds_while_one_of_two_hosts_dies_and_the_other_takes_over(fleet, first_host, second_host, beat):
    fleet.write("V1__account.sql", FIRST + SLOW)
    fleet.register(tenants=TENANTS)
    with Sampler(fleet) as sampler:
        sent = three_requests()
        wait_until(lambda: targets_of(second_host) > 3, "the second host did nothing")
        second_host.kill()
        done = sum(each.get(timeout=120)["done"] for each in sent)
    assert (done, migrated(fleet)) == (TENANTS, [["V1__account.sql"]] * TENANTS)
    assert targets_of(first_host) > 0
    assert dict(sampler.seen().lanes) == {"one": LANES, "two": LANES}
