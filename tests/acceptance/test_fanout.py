"""An execution over many tenants, by real workers over real lanes."""

from __future__ import annotations

import pytest

import tasks
from migrator.errors import ExecutionFailed
from tests.acceptance.fleet import FIRST, SECOND
from tests.acceptance.nodes import wait_until
from tests.acceptance.witness import TaskEvents, most_lanes

pytestmark = pytest.mark.usefixtures("celery_setup")
SLOW = "SELECT pg_sleep(0.1);"


def request(**more):
    return {"request_id": "r", "scope": "tenant", "requested_by": "a test", **more}


def test_one_bad_tenant_does_not_stop_the_others_and_only_it_is_taken_up_again(fleet):
    fleet.write("V1__account.sql", FIRST)
    fleet.register(tenants=100)
    fleet.rows("one", "CREATE SCHEMA tenant_50; CREATE TABLE tenant_50.account (id int)")
    code, report = fleet.command_json("migrate")
    assert (code, report["done"], report["failed"]) == (1, 99, 1)
    [failure] = report["failures"]
    assert (failure["schema"], failure["sqlstate"], failure["script"]) == ("tenant_50", "42P07", "V1__account.sql")
    assert (failure["line"], failure["statement"]) == (1, FIRST.removesuffix(";"))
    fleet.rows("one", "DROP TABLE tenant_50.account")
    code, report = fleet.command_json("migrate")
    assert (code, report["total"], report["done"], report["skipped"]) == (0, 1, 1, 99)


def test_a_fleet_that_is_current_is_told_so_and_left_alone(fleet):
    fleet.write("V1__account.sql", FIRST)
    fleet.register(tenants=20)
    tasks.migration_requested.delay(**request()).get(timeout=30)
    report = tasks.migration_requested.delay(**request()).get(timeout=30)
    assert (report["total"], report["skipped"], report["applied"]) == (0, 20, 0)
    assert report["summary"].startswith("nothing to do: all 20 targets are current")


def test_progress_is_in_the_tasks_state_and_in_the_events_that_flower_reads(fleet, worker_settings, celery_setup):
    fleet.write("V1__account.sql", FIRST + SLOW)
    fleet.register(tenants=30)
    with TaskEvents(celery_setup.app) as seen:
        sent = tasks.migration_requested.delay(**request())
        meta = wait_until(lambda: sent.state == "PROGRESS" and sent.info.get("done") and sent.info)
        report = sent.get(timeout=60)
        wait_until(lambda: any(said.startswith("30/30 schemas") for said in seen.results(sent.id)))
    counts = {"wave", "waves", "total", "done", "failed", "skipped", "running", "rate", "eta_seconds"}
    assert counts | {"execution", "step", "current", "started_at"} == set(meta)
    assert (meta["execution"], meta["total"], meta["waves"]) == (sent.id, 30, 2)
    assert report["done"] == 30
    assert any("/30 schemas, ETA " in said for said in seen.results(sent.id))
    assert {event["name"] for event in seen.progress(sent.id)} == {"migrator.migration.requested"}


def test_a_database_never_has_more_lanes_than_its_budget(fleet, celery_setup):
    fleet.write("V1__account.sql", FIRST + SLOW)
    fleet.register(tenants=40, databases=("one",))
    first = tasks.migration_requested.delay(**request(target_schemas=[f"tenant_{n}" for n in range(1, 21)]))
    second = tasks.migration_requested.delay(**request(target_schemas=[f"tenant_{n}" for n in range(21, 41)]))
    most = most_lanes(fleet, "one", until=lambda: first.ready() and second.ready())
    assert first.get()["done"] + second.get()["done"] == 40
    assert 1 <= most <= 2


def test_scopes_go_in_order_and_a_failed_one_stops_those_that_follow(fleet):
    fleet.write("V1__country.sql", "CREATE TABEL country (code text);", scope="regional")
    fleet.write("V1__account.sql", FIRST)
    fleet.register(tenants=2, databases=("one",))
    payload = fleet.database_payload("two", connection_type="shared", auto_migrate=False)
    tasks.database_created.delay(**payload).get(timeout=30)
    with pytest.raises(ExecutionFailed) as raised:
        tasks.migration_requested.delay(**request(scope="all")).get(timeout=30)
    assert (raised.value.report["state"], raised.value.report["untouched"]) == ("halted", 2)
    assert fleet.schemas("one") == set()


def test_a_dry_run_says_what_would_be_done_and_does_nothing(fleet):
    fleet.write("V1__account.sql", FIRST)
    fleet.register(tenants=3)
    report = tasks.migration_requested.delay(**request(dry_run=True)).get(timeout=30)
    assert (report["total"], report["databases"]) == (3, {"one": 1, "two": 2})
    assert fleet.schemas("one") == fleet.schemas("two") == set()


def test_a_request_stops_at_the_version_it_names(fleet):
    fleet.write("V1__account.sql", FIRST)
    fleet.write("V2__account_name.sql", SECOND)
    fleet.register(tenants=2, databases=("one",))
    report = tasks.migration_requested.delay(**request(to_version="1")).get(timeout=30)
    assert (report["done"], report["applied"]) == (2, 2)
    assert fleet.history("one", "tenant_1") == ["V1__account.sql"]


@pytest.fixture
def worker_settings():
    return {"MIGRATOR_LANES": "2", "MIGRATOR_PROGRESS_EVERY": "0.1", "MIGRATOR_LANE_SLICE": "0.5"}
