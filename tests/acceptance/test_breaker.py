"""A database that is away: its breaker opens, its work waits without costing anybody anything, and is done later."""

from __future__ import annotations

import time

import pytest

import tasks
from migrator.errors import ExecutionFailed
from migrator.fleet import registry
from migrator.model.target import Tenant
from tests.acceptance.detour import Detour
from tests.acceptance.fleet import FIRST
from tests.acceptance.nodes import wait_until

pytestmark = pytest.mark.usefixtures("celery_setup")  # and no beat: what waits has to come back by itself
FAILURES = 5
AWAY_SECONDS = 20.0
PATIENT = {
    "MIGRATOR_LEASE": "3",
    "MIGRATOR_UPKEEP_EVERY": "0.5",
    "MIGRATOR_LANES": "2",
    "MIGRATOR_LANE_SLICE": "0.5",
    "MIGRATOR_BREAKER_FAILURES": str(FAILURES),
    "MIGRATOR_BREAKER_OPEN_SECONDS": "0.5",
    "MIGRATOR_BREAKER_OPEN_LONGEST": "1",
}
IMPATIENT = PATIENT | {"MIGRATOR_BREAKER_PATIENCE": "2"}


@pytest.fixture
def worker_settings():
    return PATIENT


@pytest.fixture
def detour(fleet, second):
    """Database two is on the second server, and the way there is counted."""
    fleet.write("V1__account.sql", FIRST + "SELECT pg_sleep(0.05);")
    second.create_database(fleet.names["two"])
    secret = fleet.place / "secret"
    secret.write_text(second.password)
    with Detour(second.port) as way:
        fleet.register()
        with fleet.store.begin() as connection:
            registry.change_database(connection, "two", {"port": way.port, "credential": f"file:{secret}"})
        yield way


def add_tenants(fleet, count):
    """In both databases by turns; ``Fleet.register`` would move database two back to where it was."""
    with fleet.store.begin() as connection:
        for number in range(count):
            home = ("one", "two")[number % 2]
            registry.add_tenant(connection, Tenant(str(number), f"tenant {number}", home, f"tenant_{number}"))


def request(**more):
    wishes = {"request_id": "r", "scope": "tenant", "requested_by": "a test", "canary": 0, **more}
    return tasks.migration_requested.delay(**wishes)


def counted(fleet, sent, database):
    """How many targets of a database are done."""
    query = f"SELECT count(*) FROM migrator.outcome WHERE execution_id = '{sent.id}' AND database_id = '{database}'"
    [(count,)] = fleet.rows("control", f"{query} AND state = 'done'")
    return count


def longest_pause(fleet, sent, database):
    """Seconds between two targets of a database that were finished one after the other, at the most."""
    query = f"""SELECT max(pause) FROM (
        SELECT extract(epoch FROM finished_at - lag(finished_at) OVER (ORDER BY finished_at)) AS pause
        FROM migrator.outcome WHERE execution_id = '{sent.id}' AND database_id = '{database}') AS pauses"""
    return float(fleet.rows("control", query)[0][0])


def changes(fleet, state="%"):
    query = f"SELECT state, reason, by FROM migrator.breaker_change WHERE state LIKE '{state}' ORDER BY id"
    return fleet.rows("control", query)


def test_a_stopped_server_costs_the_other_database_nothing_is_hardly_asked_and_is_done_when_it_is_back(
    fleet, second, detour
):
    add_tenants(fleet, 120)
    sent = request()
    wait_until(lambda: counted(fleet, sent, "two") >= 4)
    second.stop()
    stopped = time.monotonic()
    wait_until(lambda: counted(fleet, sent, "one") == 60, "database one was kept waiting", AWAY_SECONDS)
    assert longest_pause(fleet, sent, "one") < 3
    wait_until(lambda: time.monotonic() - stopped >= AWAY_SECONDS)
    assert len(changes(fleet, "half-open")) >= 3
    assert detour.vain <= FAILURES + len(changes(fleet, "half-open"))
    assert counted(fleet, sent, "two") < 60
    code, shown = fleet.command_json("show", sent.id)
    assert (code, shown["state"], shown["failed"], shown["breakers"][0]["database"]) == (0, "running", 0, "two")
    second.start()
    report = sent.get(timeout=60)
    assert (report["done"], report["failed"], report["breakers"]) == (120, 0, [])
    assert fleet.execution(sent.id).drives == 0  # nobody was sent in the place of lanes that only waited
    assert changes(fleet)[-1][0] == "closed"


def test_a_database_with_a_threshold_of_its_own_is_tried_no_more_often_than_that(fleet, second, detour):
    code, said = fleet.command_json("database", "set", "two", "--breaker-failures", "2", "--breaker-wait", "0.5")
    assert (code, said["changed"]) == (0, True)
    assert fleet.command("database", "set", "nowhere", "--lanes", "1").returncode == 2
    add_tenants(fleet, 20)
    second.stop()
    sent = request()
    wait_until(lambda: len(changes(fleet, "half-open")) >= 2)
    assert detour.vain <= 2 + len(changes(fleet, "half-open"))
    second.start()
    assert sent.get(timeout=60)["done"] == 20


def test_a_customer_who_signs_up_meanwhile_waits_and_uses_up_no_try(fleet, second, detour):
    second.stop()
    sent = tasks.tenant_created.apply_async(kwargs=fleet.tenant_payload(database_id="two"), max_retries=9)
    wait_until(lambda: len(changes(fleet, "half-open")) >= 2)
    tried = fleet.event(sent.id).retry_count
    assert tried <= FAILURES
    wait_until(lambda: len(changes(fleet, "half-open")) >= 5)
    event = fleet.event(sent.id)
    assert (event.retry_count, event.max_retries) == (tried, 9)
    second.start()
    assert sent.get(timeout=60)["done"] == 1


@pytest.mark.parametrize("worker_settings", [IMPATIENT])
def test_when_nobody_got_through_for_too_long_its_targets_fail_with_the_reason_and_everybody_can_see_why(
    fleet, second, detour
):
    add_tenants(fleet, 20)
    second.stop()
    sent = request(max_failures="100%")
    with pytest.raises(ExecutionFailed) as raised:
        sent.get(timeout=60)
    report = raised.value.report
    assert (report["done"], report["failed"]) == (10, 10)
    message = report["failures"][0]["message"]
    assert message.startswith("the breaker of database two is open, it has not been reached for ")
    assert f"database two at 127.0.0.1:{detour.port}/" in message
    assert "cannot be reached" in message
    assert fleet.event(sent.id).retry_count == 0
    [found] = report["breakers"]
    assert (found["database"], found["state"]) == ("two", "open")
    assert "breaker of two is open since" in fleet.command("show", sent.id).stdout
    assert "breaker open since" in fleet.command("status").stdout
    code, listed = fleet.command_json("breaker", "list")
    assert (code, [(row["database"], row["state"]) for row in listed]) == (0, [("one", "closed"), ("two", "open")])


def test_an_operator_holds_a_breaker_open_and_resets_it_and_is_named(fleet):
    fleet.write("V1__account.sql", FIRST)
    fleet.register(tenants=4)
    code, said = fleet.command_json("breaker", "open", "two")
    assert (code, said["state"], said["held"]) == (0, "open", True)
    sent = request()
    wait_until(lambda: (row := fleet.execution(sent.id)) and row.done == 2)
    assert counted(fleet, sent, "two") == 0
    assert fleet.command("breaker", "reset", "two").returncode == 0
    assert sent.get(timeout=60)["done"] == 4
    [opened, closed] = changes(fleet)
    assert (opened[:2], closed[:2]) == (("open", f"opened by {opened[2]}"), ("closed", f"reset by {opened[2]}"))
    assert fleet.command("breaker", "open", "nowhere").returncode == 2


def test_a_database_that_moved_is_tried_at_its_new_address_at_once(fleet, second, detour):
    second.stop()
    sent = tasks.tenant_created.apply_async(kwargs=fleet.tenant_payload(database_id="two"), max_retries=9)
    wait_until(lambda: changes(fleet, "open"))
    elsewhere = {"host": "127.0.0.1", "port": fleet.services.postgres.port}
    (fleet.place / "secret").write_text(fleet.services.postgres.password)
    tasks.database_updated.delay(database_id="two", **elsewhere).get(timeout=30)
    assert sent.get(timeout=30)["done"] == 1
    assert ("closed", "the database was changed in the registry") in [found[:2] for found in changes(fleet)]


@pytest.mark.usefixtures("beat")
def test_breakers_that_their_store_forgot_are_not_told_to_be_open(fleet, celery_setup):
    fleet.register()
    assert fleet.command("breaker", "open", "two").returncode == 0
    celery_setup.broker.container.client.flushall()
    wait_until(lambda: changes(fleet)[-1][:2] == ("closed", "the store has it closed"))
    assert "breaker" not in fleet.command("status").stdout
