"""Preflight before each wave: a database that is not fit waits, the others go on; and the pace gives room."""

from __future__ import annotations

import json
from contextlib import contextmanager

import psycopg2
import pytest

import tasks
from migrator.errors import ExecutionFailed
from tests.acceptance.fleet import FIRST
from tests.acceptance.nodes import wait_until

pytestmark = pytest.mark.usefixtures("celery_setup")
STRICT = {
    "MIGRATOR_PREFLIGHT_EVERY": "0.5",
    "MIGRATOR_PREFLIGHT_LIMITS": json.dumps({"transaction_warn": 0, "transaction_stop": 0}),
    "MIGRATOR_LANES": "2",
    "MIGRATOR_LANE_SLICE": "0.5",
}
IMPATIENT = STRICT | {"MIGRATOR_PREFLIGHT_PATIENCE": "1"}
CROWDED = {"MIGRATOR_LANES": "3", "MIGRATOR_LANE_SLICE": "1", "MIGRATOR_LOCK_TIMEOUT": "0.2"}


@pytest.fixture
def worker_settings():
    return STRICT


@pytest.fixture
def tenants(fleet):
    """Ten in each database; tenant_2 is in database one and has a table."""
    fleet.write("V1__account.sql", FIRST)
    fleet.register(tenants=20)
    fleet.rows("one", "CREATE SCHEMA tenant_2; CREATE TABLE tenant_2.report (id int)")


@contextmanager
def holding(fleet, table):
    """Somebody else's transaction holds a table's lock while the block runs."""
    connection = psycopg2.connect(fleet.services.postgres.url(fleet.names["one"]), application_name="nightly report")
    try:
        connection.cursor().execute(f"LOCK TABLE {table}")
        yield
    finally:
        connection.close()


def request(**more):
    wishes = {"request_id": "r", "scope": "tenant", "requested_by": "a test", "canary": 0, "max_failures": "100%"}
    return tasks.migration_requested.delay(**wishes | more)


@pytest.mark.usefixtures("tenants")
def test_a_stopped_database_waits_until_the_transaction_ends_and_the_others_go_on_meanwhile(fleet):
    with holding(fleet, "tenant_2.report"):
        sent = request()
        wait_until(lambda: (row := fleet.execution(sent.id)) and row.done == 10)
        code, shown = fleet.command_json("show", sent.id)
        assert (code, shown["state"], fleet.schemas("one")) == (0, "running", {"tenant_2"})
        [found] = shown["preflight"]
        assert (found["database"], found["verdict"], found["is_stopped"]) == ("one", "stop", True)
        assert "nightly report" in found["sentences"][0]
    report = sent.get(timeout=60)
    assert (report["done"], report["failed"]) == (20, 0)
    [found] = report["preflight"]
    assert (found["verdict"], found["is_stopped"]) == ("stop", False)
    assert (
        "preflight of one, stop: transactions: our statements would wait for" in fleet.command("show", sent.id).stdout
    )


@pytest.mark.usefixtures("tenants")
def test_a_forced_execution_goes_on_and_the_stop_is_recorded(fleet):
    with holding(fleet, "tenant_2.report"):
        report = request(force_execution=True).get(timeout=60)
    assert (report["done"], report["preflight"][0]["verdict"]) == (20, "stop")


@pytest.mark.parametrize("worker_settings", [IMPATIENT])
@pytest.mark.usefixtures("tenants")
def test_a_database_that_is_stopped_for_too_long_fails_with_what_was_found_and_what_to_do(fleet):
    with holding(fleet, "tenant_2.report"), pytest.raises(ExecutionFailed) as raised:
        request().get(timeout=60)
    report = raised.value.report
    assert (report["done"], report["failed"], fleet.schemas("one")) == (10, 10, {"tenant_2"})
    message = report["failures"][0]["message"]
    assert message.startswith("preflight has stopped database one for ")
    assert "nightly report" in message
    assert "SELECT pg_terminate_backend(" in message


@pytest.mark.usefixtures("tenants")
def test_a_customer_who_signs_up_does_not_wait_for_somebody_elses_transaction(fleet):
    with holding(fleet, "tenant_2.report"):
        report = tasks.tenant_created.delay(**fleet.tenant_payload("77")).get(timeout=30)
    assert report["done"] == 1


@pytest.mark.parametrize("worker_settings", [CROWDED])
def test_lanes_that_run_into_locks_become_fewer_the_report_says_why_and_all_is_done(fleet):
    fleet.write("V1__account.sql", FIRST + "LOCK TABLE country;")
    fleet.register(tenants=40, databases=("one",))
    fleet.rows("one", "CREATE TABLE public.country (code text)")
    with holding(fleet, "public.country"):
        sent = request()
        slower = "SELECT lanes FROM migrator.pace WHERE lanes < 3"
        wait_until(lambda: fleet.rows("control", slower))
    report = sent.get(timeout=90)
    assert (report["done"], report["failed"]) == (40, 0)
    [pace] = report["pace"]
    assert (pace["database"], pace["changes"][0]["lanes"]) == ("one", 1)
    assert "statements were refused for now: lock timeouts or deadlocks" in pace["changes"][0]["reason"]
