"""Rolling back an execution: exactly what it changed, proved by fingerprints."""

from __future__ import annotations

from uuid import uuid4

import pytest

import tasks
from tests.acceptance.fleet import FIRST
from tests.acceptance.nodes import wait_until

ADD = {
    "V2__note.sql": "ALTER TABLE account ADD COLUMN note text;\nCREATE INDEX account_note ON account (note);",
    "U2__note.sql": "ALTER TABLE account DROP COLUMN note;",
}
ROWS = "INSERT INTO account VALUES (1, 'ann'), (2, 'bob');"


@pytest.fixture
def worker_settings():
    return {"MIGRATOR_LANES": "2", "MIGRATOR_UPKEEP_EVERY": "0.5"}


@pytest.fixture
def upgraded(fleet, celery_setup):
    """A fleet whose tenants are at version 1, and the execution that brought all but two of them to version 2."""

    def make(tenants=12, files=ADD, **options):
        fleet.write("V1__account.sql", FIRST + ROWS)
        fleet.register(tenants=tenants)
        assert fleet.command("migrate").returncode == 0
        before = pictures(fleet)
        for name, text in files.items():
            fleet.write(name, text)
        wanted = [str(number) for number in range(1, tenants - 1)]
        request = {"request_id": uuid4().hex, "scope": "tenant", "requested_by": "a test", "target_tenants": wanted}
        report = tasks.migration_requested.delay(**request, **options).get(timeout=60)
        assert report["done"] == tenants - 2
        return report["execution"], before

    return make


def pictures(fleet):
    """Of every schema: columns, indexes and rows."""
    found = {}
    for name in ("one", "two"):
        for schema in fleet.schemas(name):
            columns = fleet.rows(
                name,
                "SELECT table_name, column_name, column_default FROM information_schema.columns"
                f" WHERE table_schema = '{schema}' AND table_name <> 'flyway_schema_history' ORDER BY 1, 2",
            )
            indexes = fleet.rows(name, f"SELECT indexdef FROM pg_indexes WHERE schemaname = '{schema}' ORDER BY 1")
            found[schema] = (columns, indexes, fleet.rows(name, f"SELECT id, name FROM {schema}.account ORDER BY 1"))
    return found


def test_an_execution_is_taken_back_in_just_the_targets_that_it_changed(fleet, upgraded):
    execution, before = upgraded()
    assert pictures(fleet) != before
    code, report = fleet.command_json("rollback", execution)
    assert (code, report["state"], report["done"], report["failed"]) == (0, "completed", 10, 0)
    assert pictures(fleet) == before
    notes = {row.note for row in fleet.outcomes(report["execution"]).values()}
    assert all("the fingerprint is the one before" in note for note in notes)
    assert fleet.execution(execution).state == "rolled_back"
    assert {len(fleet.history("one", schema)) for schema in fleet.schemas("one")} <= {1, 3}


def test_rolling_back_twice_does_nothing_the_second_time(fleet, upgraded):
    execution, before = upgraded(tenants=5)
    assert fleet.command("rollback", execution).returncode == 0
    code, report = fleet.command_json("rollback", execution)
    assert (code, report["summary"]) == (0, f"execution {execution} was rolled back before; nothing was done now")
    assert pictures(fleet) == before


def test_a_dry_run_says_for_each_target_what_would_be_run(fleet, upgraded):
    execution, _ = upgraded(tenants=5)
    after = pictures(fleet)
    code, report = fleet.command_json("rollback", execution, "--dry-run")
    assert (code, report["total"], report["failed"]) == (0, 3, 0)
    assert {tuple(each["scripts"]) for each in report["targets"]} == {("U2__note.sql",)}
    assert pictures(fleet) == after


def test_a_target_that_moved_on_since_is_refused_and_the_others_are_taken_back(fleet, upgraded):
    execution, before = upgraded(tenants=6)
    fleet.write("V3__more.sql", "CREATE TABLE more ();")
    assert fleet.command("migrate", "--tenant", "1").returncode == 0
    moved = pictures(fleet)["tenant_1"]
    code, report = fleet.command_json("rollback", execution)
    assert (code, report["done"], report["failed"]) == (1, 3, 1)
    assert report["failures"][0]["schema"] == "tenant_1"
    assert "it moved on since" in report["failures"][0]["message"]
    after = pictures(fleet)
    assert after.pop("tenant_1") == moved
    before.pop("tenant_1")
    assert after == before


def test_what_has_no_way_back_is_refused_with_the_statement(fleet, upgraded):
    sql = "CREATE TABLE b ();\nUPDATE account SET name = upper(name);"
    execution, _ = upgraded(tenants=5, files={"V2__gone.sql": sql})
    after = pictures(fleet)
    code, report = fleet.command_json("rollback", execution)
    assert (code, report["done"], report["failed"]) == (1, 0, 3)
    assert "V2__gone.sql:2 " in report["failures"][0]["message"]
    assert pictures(fleet) == after


def test_a_schema_that_somebody_changed_by_hand_is_told_by_its_fingerprint(fleet, upgraded):
    execution, _ = upgraded(tenants=5)
    fleet.rows("one", "CREATE TABLE tenant_2.by_hand ()")
    code, report = fleet.command_json("rollback", execution, "--max-failures", "100%", "--canary", "0")
    assert (code, report["failed"]) == (1, 1)
    assert "its fingerprint is" in report["failures"][0]["message"]


def test_an_execution_that_is_older_than_the_limit_is_refused_unless_forced(fleet, upgraded):
    execution, before = upgraded(tenants=5)
    fleet.rows("control", "UPDATE migrator.execution SET finished_at = now() - interval '30 hours'")
    done = fleet.command("rollback", execution)
    assert (done.returncode, "30 hours ago" in done.stderr + done.stdout) == (3, True)
    assert fleet.command("rollback", execution, "--force").returncode == 0
    assert pictures(fleet) == before


def test_a_rollout_that_halts_is_taken_back_when_that_was_asked_for(fleet, celery_setup):
    fleet.write("V1__account.sql", FIRST)
    fleet.register(tenants=10)
    assert fleet.command("migrate").returncode == 0
    before = pictures(fleet)
    fleet.rows("one", "CREATE INDEX account_note ON tenant_8.account (name)")
    for name, text in ADD.items():
        fleet.write(name, text)
    code, report = fleet.command_json("migrate", "--on-halt", "rollback", "--last", "8", "--wave-size", "8")
    assert (code, report["failed"]) == (1, 1)
    wait_until(lambda: fleet.execution(report["execution"]).state == "rolled_back", "it was not taken back", 60)
    after = pictures(fleet)
    for found in (after, before):
        found.pop("tenant_8")
    assert after == before
