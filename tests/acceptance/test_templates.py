"""New tenants are made from a template once there is one, and snapshots are put back when nothing else leads back."""

from __future__ import annotations

from uuid import uuid4

import pytest

import tasks
from tests.acceptance.fleet import FIRST, SECOND
from tests.acceptance.nodes import wait_until

SEED = "INSERT INTO account VALUES (1, 'admin');"


@pytest.fixture
def worker_settings(services):
    return {"MIGRATOR_LANES": "2", "MIGRATOR_PG_BIN": str(services.postgres.bin), "MIGRATOR_UPKEEP_EVERY": "0.5"}


def installed_by(fleet, schema):
    return {by for (by,) in fleet.rows("one", f"SELECT installed_by FROM {schema}.flyway_schema_history")}


def test_the_first_tenant_is_made_by_replay_and_the_next_ones_from_a_template(fleet, celery_setup):
    fleet.write("V1__account.sql", FIRST + SEED)
    fleet.write("V2__account_name.sql", SECOND)
    fleet.register(databases=("one",))
    tasks.tenant_created.delay(**fleet.tenant_payload("1")).get(timeout=30)
    assert installed_by(fleet, "tenant_1") == {"postgres"}
    wait_until(lambda: fleet.rows("control", "SELECT 1 FROM migrator.template WHERE body IS NOT NULL"), "no template")
    report = tasks.tenant_created.delay(**fleet.tenant_payload("2")).get(timeout=30)
    assert (report["version"], report["applied"]) == ("2", 2)
    assert installed_by(fleet, "tenant_2") == {"postgres by template"}
    assert fleet.rows("one", "SELECT * FROM tenant_2.account") == [(1, "admin")]
    assert {schema for schema in fleet.schemas("one")} == {"tenant_1", "tenant_2"}
    code, found = fleet.command_json("drift")
    assert (code, found.get("drift", False)) == (0, False)


def test_template_version_says_at_which_version_a_tenant_is_made(fleet, celery_setup):
    fleet.write("V1__account.sql", FIRST + SEED)
    fleet.write("V2__account_name.sql", SECOND)
    fleet.register(databases=("one",))
    tasks.tenant_created.delay(**fleet.tenant_payload("1", template_version="1")).get(timeout=30)
    wait_until(lambda: fleet.rows("control", "SELECT 1 FROM migrator.template WHERE body IS NOT NULL"), "no template")
    report = tasks.tenant_created.delay(**fleet.tenant_payload("2", template_version="1")).get(timeout=30)
    assert report["version"] == "1"
    assert (installed_by(fleet, "tenant_2"), fleet.history("one", "tenant_2")) == (
        {"postgres by template"},
        ["V1__account.sql"],
    )


def test_a_change_that_loses_data_is_taken_back_by_the_snapshot_that_was_taken_before(fleet, celery_setup):
    fleet.write("V1__account.sql", FIRST + SEED)
    fleet.register(tenants=4, databases=("one",))
    assert fleet.command("migrate").returncode == 0
    fleet.write("V2__gone.sql", "ALTER TABLE account DROP COLUMN name;")
    request = {"request_id": uuid4().hex, "scope": "tenant", "requested_by": "a test", "snapshots": "unsafe"}
    execution = tasks.migration_requested.delay(**request).get(timeout=60)["execution"]
    assert all(row.snapshot for row in fleet.outcomes(execution).values())
    code, report = fleet.command_json("rollback", execution)
    assert (code, report["done"]) == (0, 4)
    for schema in ("tenant_1", "tenant_4"):
        assert fleet.rows("one", f"SELECT * FROM {schema}.account") == [(1, "admin")]
    notes = {row.note for row in fleet.outcomes(report["execution"]).values()}
    assert all("snapshot; the fingerprint is the one before" in note for note in notes)
