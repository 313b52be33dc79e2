"""What a lost worker was at: its statement ends, its targets go on in time, none costs worker after worker."""

from __future__ import annotations

import os
import signal
import time

import pytest

import tasks
from migrator.errors import ExecutionFailed
from tests.acceptance.fleet import FIRST
from tests.acceptance.nodes import wait_until

LEASE = 3
DEFAULTS = {"MIGRATOR_LANES": "2"}
SHORT_LEASE = DEFAULTS | {"MIGRATOR_LEASE": str(LEASE), "MIGRATOR_UPKEEP_EVERY": "0.5"}
MOST_SECONDS = 30.0
"""The promise: the statement of a lost worker is gone by then."""
SLEEPING = """SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND wait_event = 'PgSleep' AND application_name LIKE 'migrator lane %'"""
SLOW_ONCE = """SELECT CASE WHEN current_schema() = 'tenant_1' AND NOT EXISTS (SELECT FROM public.is_quick)
    THEN pg_sleep(60) END;"""
POISON = """import os, signal

def apply(connection):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema() = 'tenant_5'")
        if cursor.fetchone()[0]:
            os.kill(os.getpid(), signal.SIGKILL)
"""

pytestmark = pytest.mark.usefixtures("beat")


@pytest.fixture
def worker_settings():
    return SHORT_LEASE


@pytest.fixture
def celery_worker_count():
    return 2


@pytest.fixture
def tenants():
    return 1


@pytest.fixture
def one_slow_target(fleet, tenants):
    """The first target has a statement that takes a minute, until ``make_quick``."""
    fleet.rows("one", "CREATE TABLE public.is_quick (answer boolean)")
    fleet.write("V1__account.sql", FIRST + SLOW_ONCE)
    fleet.register(tenants, databases=("one",))


def make_quick(fleet):
    fleet.rows("one", "INSERT INTO public.is_quick VALUES (true)")


def request(**more):
    return tasks.migration_requested.delay(request_id="r", scope="tenant", requested_by="a test", **more)


def sleeping(fleet):
    return [pid for (pid,) in fleet.rows("one", SLEEPING)]


def worker_of(fleet, sent, cluster):
    """The worker that has the only target, and the child that does."""
    _, main, child, *_ = fleet.outcomes(sent.id)["tenant_1"].lease_holder.split(":")
    [worker] = [worker for worker in cluster if worker.container.pid == int(main)]
    return worker.container, int(child)


def begun(fleet):
    sent = request()
    wait_until(lambda: sleeping(fleet))
    return sent


def assert_migrated_once(fleet, sent):
    outcome = fleet.outcomes(sent.id)["tenant_1"]
    assert (outcome.state, fleet.history("one", "tenant_1")) == ("done", ["V1__account.sql"])
    assert sleeping(fleet) == []


@pytest.mark.usefixtures("one_slow_target")
@pytest.mark.parametrize("worker_settings", [SHORT_LEASE, DEFAULTS], ids=["short lease", "defaults"])
def test_the_statement_of_a_worker_that_was_killed_ends_in_time_and_another_worker_migrates_its_target_once(
    fleet, celery_worker_cluster, record_property
):
    sent = begun(fleet)
    time.sleep(5)  # so that it is in the middle of its minute
    [pid] = sleeping(fleet)
    container, _ = worker_of(fleet, sent, celery_worker_cluster)
    container.kill()
    killed = time.monotonic()
    make_quick(fleet)
    wait_until(lambda: pid not in sleeping(fleet), "the statement goes on", MOST_SECONDS)
    assert sent.get(timeout=MOST_SECONDS + 10 - (time.monotonic() - killed))["done"] == 1
    record_property("seconds until it was taken over", time.monotonic() - killed)
    assert_migrated_once(fleet, sent)
    [loss] = fleet.outcomes(sent.id)["tenant_1"].losses
    assert (loss["worker"].split(":")[1], loss["alone"]) == (str(container.pid), True)


@pytest.mark.usefixtures("one_slow_target")
def test_a_worker_that_only_froze_loses_its_connection_to_whoever_takes_over_and_what_it_writes_later_is_void(
    fleet, celery_worker_cluster
):
    sent = begun(fleet)
    [pid] = sleeping(fleet)
    container, _ = worker_of(fleet, sent, celery_worker_cluster)
    os.killpg(container.pid, signal.SIGSTOP)
    make_quick(fleet)
    try:
        assert sent.get(timeout=30)["done"] == 1
        assert pid not in sleeping(fleet)
        written = fleet.outcomes(sent.id)["tenant_1"]
    finally:
        os.killpg(container.pid, signal.SIGCONT)
    wait_until(lambda: "target is put back" in container.logs())
    assert fleet.outcomes(sent.id)["tenant_1"] == written
    assert_migrated_once(fleet, sent)


@pytest.mark.usefixtures("one_slow_target")
@pytest.mark.parametrize("worker_settings", [DEFAULTS])
@pytest.mark.parametrize("tenants", [1, 12], ids=["an event with a single target", "a lane of a wave"])
def test_when_a_child_is_killed_what_it_had_goes_on_within_five_seconds_whatever_the_lease(
    fleet, celery_worker_cluster, tenants, record_property
):
    sent = begun(fleet)
    _, child = worker_of(fleet, sent, celery_worker_cluster)
    make_quick(fleet)
    os.kill(child, signal.SIGKILL)
    killed = time.monotonic()
    wait_until(lambda: fleet.outcomes(sent.id)["tenant_1"].state == "done", "it was not taken over", 5)
    record_property("seconds until it was taken over", time.monotonic() - killed)
    assert sent.get(timeout=15)["done"] == tenants
    assert_migrated_once(fleet, sent)


@pytest.mark.parametrize("worker_settings", [SHORT_LEASE | {"MIGRATOR_LEASE": "1.5"}])
def test_a_statement_many_times_longer_than_the_lease_keeps_its_claim(fleet, celery_worker_cluster):
    fleet.write("V1__account.sql", FIRST + "SELECT pg_sleep(8);")
    fleet.register(tenants=1, databases=("one",))
    assert request().get(timeout=60)["done"] == 1
    [(fence, losses)] = fleet.rows("control", "SELECT fence, losses FROM migrator.outcome")
    assert (fence, losses) == (1, [])


def test_a_target_that_kills_its_workers_fails_alone_and_tells_which_workers_died_on_it(fleet, celery_worker_cluster):
    fleet.write("V1__account.sql", FIRST)
    fleet.write("V2__poison.py", POISON)
    fleet.register(tenants=20, databases=("one",))
    sent = request(max_failures="100%")
    with pytest.raises(ExecutionFailed):
        sent.get(timeout=90)
    row, outcome = fleet.execution(sent.id), fleet.outcomes(sent.id)["tenant_5"]
    assert (row.done, row.failed, outcome.state) == (19, 1, "failed")
    assert "schema tenant_5 in database one was not tried once more" in outcome.error_message
    died = {loss["worker"].split(":")[2] for loss in outcome.losses if loss["alone"]}
    assert len(died) == 3
    assert all(f"process {process}" in outcome.error_message for process in died)
    others = [each for each in fleet.outcomes(sent.id).values() if each.schema_name != "tenant_5"]
    assert {(each.state, each.tries) for each in others} == {("done", 0)}
    assert fleet.rows("control", "SELECT ended_at IS NOT NULL FROM migrator.wave WHERE failed > 0") == [(True,)]
