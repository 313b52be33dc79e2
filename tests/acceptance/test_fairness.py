"""Order and fairness: urgent events beside a bulk run, and two executions that want the same targets."""

from __future__ import annotations

import statistics
import time

import pytest

import tasks
from migrator.errors import TargetsBusy
from tests.acceptance.fleet import FIRST
from tests.acceptance.nodes import WorkerNode, wait_until

pytestmark = pytest.mark.usefixtures("celery_setup")
SLOW_BUT_FOR_NEW_ONES = "SELECT pg_sleep(CASE WHEN current_schema() LIKE 'tenant_new%' THEN 0 ELSE 0.3 END);"


@pytest.fixture
def worker_settings():
    slow = {"MIGRATOR_TEMPLATES": "false"}  # a template is quick, and the scripts here are to be slow
    return slow | {"MIGRATOR_LANE_SLICE": "1", "MIGRATOR_LANES": "2", "MIGRATOR_UPKEEP_EVERY": "0.5"}


@pytest.fixture
def urgent_worker(fleet, worker_settings, tmp_path):
    """The worker that an installation has for critical and high events alone, as in the Procfile."""
    node = WorkerNode("urgent", fleet.environment | worker_settings, tmp_path, "-Q", "critical,high,celery", "-c", "2")
    try:
        node.ready()
        yield node
    finally:
        node.teardown()


def request(**more):
    return {"request_id": "r", "scope": "tenant", "requested_by": "a test", **more}


@pytest.mark.usefixtures("urgent_worker")
def test_tenants_that_sign_up_are_served_while_a_bulk_run_fills_the_low_queue(fleet, record_testsuite_property):
    fleet.write("V1__account.sql", f"{FIRST} {SLOW_BUT_FOR_NEW_ONES}")
    fleet.register(tenants=500)
    bulk = tasks.migration_requested.apply_async(kwargs=request(), queue="low")
    wait_until(lambda: (row := fleet.execution(bulk.id)) and row.done > 5)
    seconds = []
    for number in range(20):
        began = time.monotonic()
        payload = fleet.tenant_payload(f"new-{number}", schema_name=f"tenant_new_{number}")
        assert tasks.tenant_created.delay(**payload).get(timeout=60)["version"] == "1"
        seconds.append(time.monotonic() - began)
    row = fleet.execution(bulk.id)
    assert (row.state, row.done + row.failed < row.total) == ("running", True)
    record_testsuite_property("sign_up_beside_bulk_median_seconds", statistics.median(seconds))
    record_testsuite_property("sign_up_beside_bulk_most_seconds", max(seconds))
    tasks.steer.delay(bulk.id, "cancel", by="a test").get(timeout=30)
    wait_until(bulk.ready, "the bulk run did not end")


@pytest.fixture
def first(fleet):
    """An execution that is at work on 20 tenants for a while."""
    fleet.write("V1__account.sql", FIRST + "SELECT pg_sleep(0.3);")
    fleet.register(tenants=20)
    sent = tasks.migration_requested.delay(**request())
    wait_until(lambda: (row := fleet.execution(sent.id)) and row.done > 0)
    return sent


def waiting(fleet):
    """Another request for the same tenants, once it is known to wait; its state when it was."""
    sent = tasks.migration_requested.delay(**request(request_id="second"))
    row = wait_until(lambda: fleet.execution(sent.id))
    return sent, row


def test_a_second_execution_over_the_same_targets_waits_for_the_first_and_runs_after_it(fleet, first):
    second, row = waiting(fleet)
    assert (row.state, row.waits_for, row.wave) == ("pending", first.id, 0)
    assert first.get(timeout=60)["done"] == 20
    assert second.get(timeout=60)["state"] == "completed"
    assert fleet.execution(second.id).driven_at >= fleet.execution(first.id).finished_at
    assert all(fleet.history(("one", "two")[n % 2], f"tenant_{n}") == ["V1__account.sql"] for n in range(1, 21))


def test_a_second_execution_goes_on_when_the_first_is_cancelled(fleet, first):
    second, row = waiting(fleet)
    assert (row.state, row.waits_for) == ("pending", first.id)
    tasks.steer.delay(first.id, "cancel", by="a test").get(timeout=30)
    assert second.get(timeout=60)["done"] == row.total
    assert fleet.execution(first.id).state == "cancelled"


def test_a_second_execution_that_may_not_wait_is_refused_with_the_id_of_the_first(fleet, first):
    with pytest.raises(TargetsBusy, match=first.id):
        tasks.migration_requested.delay(**request(if_busy="refuse")).get(timeout=30)
    assert first.get(timeout=60)["done"] == 20
