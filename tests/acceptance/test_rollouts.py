"""A rollout stops itself, waits, goes on, and takes up only what is left."""

from __future__ import annotations

from uuid import uuid4

import pytest
from celery.result import AsyncResult

import tasks
from migrator.errors import ExecutionFailed
from migrator.fleet import steering, waves
from tests.acceptance.fleet import FIRST, SECOND
from tests.acceptance.nodes import wait_until

SLOW = "SELECT pg_sleep(1);"


def request(**more):
    return {"request_id": uuid4().hex, "scope": "tenant", "requested_by": "a test", **more}


@pytest.fixture
def worker_settings():
    return {"MIGRATOR_LANES": "2", "MIGRATOR_PROGRESS_EVERY": "0.1", "MIGRATOR_UPKEEP_EVERY": "0.5"}


def break_(fleet, numbers):
    """These tenants have a table already that the next migration wants to make."""
    for number in numbers:
        home = ("one", "two")[number % 2]
        fleet.rows(home, f"CREATE SCHEMA IF NOT EXISTS tenant_{number}; CREATE TABLE tenant_{number}.account ()")


def repair(fleet, numbers):
    for number in numbers:
        fleet.rows(("one", "two")[number % 2], f"DROP TABLE tenant_{number}.account")


def ended(fleet, execution_id):
    return wait_until(lambda: (row := fleet.execution(execution_id)) and row.finished_at and row, "it did not end", 60)


def migrated(fleet):
    return sum(len(fleet.history(name, schema)) for name in ("one", "two") for schema in fleet.schemas(name))


def test_more_failures_than_may_halt_a_rollout_and_a_retry_takes_up_only_what_is_left(fleet, celery_setup):
    fleet.write("V1__account.sql", FIRST)
    fleet.register(tenants=100)
    broken = range(60, 66)
    break_(fleet, broken)
    sent = tasks.migration_requested.delay(**request(max_failures="2%", wave_size="50%"))
    with pytest.raises(ExecutionFailed) as raised:
        sent.get(timeout=60)
    report = raised.value.report
    assert (report["state"], report["total"], report["skipped"]) == ("halted", 100, 0)
    assert report["failed"] > 2
    assert report["done"] + report["failed"] + report["untouched"] == 100
    assert report["untouched"] > 0
    assert [(g["sqlstate"], g["count"]) for g in report["failure_groups"]] == [("42P07", report["failed"])]
    before = {name: row.until_rank for name, row in fleet.outcomes(sent.id).items() if row.state == "done"}
    repair(fleet, broken)
    again = fleet.command_json("retry", sent.id)
    assert (again[0], again[1]["changed"]) == (0, True)
    assert ended(fleet, sent.id).state == "completed"
    wait_until(lambda: AsyncResult(sent.id, app=tasks.app).successful(), "the result did not come")
    outcomes = fleet.outcomes(sent.id)
    assert {row.state for row in outcomes.values()} == {"done"}
    assert {name: outcomes[name].until_rank for name in before} == before
    assert migrated(fleet) == 100


def test_a_failed_canary_halts_a_rollout_before_anybody_else_is_touched(fleet, celery_setup):
    fleet.write("V1__account.sql", FIRST)
    fleet.register(tenants=20)
    break_(fleet, [7])
    code, report = fleet.command_json("migrate", "--canary-tenant", "7", "--max-failures", "100%")
    assert (code, report["state"], report["failed"], report["untouched"]) == (1, "halted", 1, 19)
    assert len(fleet.schemas("one") | fleet.schemas("two")) == 1


def test_a_halted_rollout_is_resumed_with_a_canary_and_what_failed_stays_failed(fleet, celery_setup):
    fleet.write("V1__account.sql", FIRST)
    fleet.register(tenants=20)
    break_(fleet, [7])
    _, report = fleet.command_json("migrate", "--canary-tenant", "7")
    assert report["state"] == "halted"
    assert fleet.command("resume", report["execution"]).returncode == 0
    assert (ended(fleet, report["execution"]).state, ended(fleet, report["execution"]).done) == ("failed", 19)
    assert fleet.outcomes(report["execution"])["tenant_7"].state == "failed"


def test_a_paused_rollout_claims_nothing_until_it_is_resumed(fleet, celery_setup):
    fleet.write("V1__account.sql", FIRST + SLOW)
    fleet.register(tenants=40)
    sent = tasks.migration_requested.delay(**request())
    wait_until(lambda: (row := fleet.execution(sent.id)) and row.done >= 1)
    assert fleet.command("pause", sent.id).returncode == 0
    states = wait_until(lambda: (found := states_of(fleet, sent.id)) and "running" not in found and found)
    assert fleet.command_json("pause", sent.id)[1]["changed"] is False
    assert fleet.execution(sent.id).state == "paused"
    assert states_of(fleet, sent.id) == states
    assert states["pending"] > 0
    assert fleet.command("resume", sent.id).returncode == 0
    assert ended(fleet, sent.id).state == "completed"
    assert migrated(fleet) == 40


def states_of(fleet, execution_id):
    found = [row.state for row in fleet.outcomes(execution_id).values()]
    return {state: found.count(state) for state in set(found)}


def test_a_cancelled_rollout_leaves_every_schema_whole_and_answers_its_caller(fleet, celery_setup):
    fleet.write("V1__account.sql", FIRST)
    fleet.write("V2__account_name.sql", SECOND + SLOW)
    fleet.register(tenants=40)
    sent = tasks.migration_requested.delay(**request())
    wait_until(lambda: (row := fleet.execution(sent.id)) and row.done >= 1)
    tasks.steer.delay(sent.id, "cancel", by="a test").get(timeout=30)
    with pytest.raises(ExecutionFailed, match="cancelled by a test"):
        sent.get(timeout=30)
    assert fleet.execution(sent.id).state == "cancelled"
    for name in ("one", "two"):
        assert {len(fleet.history(name, schema)) for schema in fleet.schemas(name)} <= {2}
    refused = fleet.command("pause", sent.id)
    assert (refused.returncode, "is cancelled and cannot be paused" in refused.stderr) == (3, True)


@pytest.mark.usefixtures("beat")
def test_a_rollout_soaks_between_its_waves(fleet, celery_setup):
    fleet.write("V1__account.sql", FIRST)
    fleet.register(tenants=4)
    sent = tasks.migration_requested.delay(**request(soak_seconds=1.5))
    wait_until(lambda: (row := fleet.execution(sent.id)) and row.state == "soaking")
    assert fleet.execution(sent.id).done == 1
    assert sent.get(timeout=60)["done"] == 4
    with fleet.store.begin() as connection:
        first, second = waves.waves(connection, sent.id)
    assert (second.sent_at - first.ended_at).total_seconds() >= 1.5


def test_by_force_a_rollout_goes_on_whatever_fails_and_it_is_written_down(fleet, celery_setup):
    fleet.write("V1__account.sql", FIRST)
    fleet.register(tenants=10)
    break_(fleet, range(1, 6))
    code, report = fleet.command_json("migrate", "--force")
    assert (code, report["failed"], report["done"]) == (1, 5, 5)
    with fleet.store.begin() as connection:
        assert [row.action for row in steering.actions(connection, report["execution"])] == ["force"]


def test_only_targets_with_a_label_are_meant(fleet, celery_setup):
    fleet.write("V1__account.sql", FIRST)
    fleet.register(tenants=4)
    fleet.rows("control", """UPDATE migrator.tenant SET labels = '{"tier": "beta"}' WHERE id IN ('1', '2')""")
    code, report = fleet.command_json("migrate", "--label", "tier=beta")
    assert (code, report["total"]) == (0, 2)
    assert fleet.schemas("one") | fleet.schemas("two") == {"tenant_1", "tenant_2"}


def test_who_steered_an_execution_is_shown_with_it(fleet, celery_setup):
    fleet.write("V1__account.sql", FIRST)
    fleet.register(tenants=4)
    break_(fleet, [3])
    _, report = fleet.command_json("migrate", "--canary-tenant", "3")
    repair(fleet, [3])
    fleet.command("retry", report["execution"])
    ended(fleet, report["execution"])
    _, shown = fleet.command_json("show", report["execution"])
    assert [(each["action"], each["note"]) for each in shown["actions"]] == [("retry", "4 targets")]
    assert shown["rollbacks"] == []
