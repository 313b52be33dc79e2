"""New tenants get a spare schema where one is ready; spares are made, migrated and verified beside the fleet's work."""

from __future__ import annotations

from contextlib import closing
from uuid import uuid4

import psycopg2
import pytest

import tasks
from tasks.tending import fill_spares
from tests.acceptance.fleet import FIRST, SECOND
from tests.acceptance.nodes import wait_until

SEED = "INSERT INTO account VALUES (1, 'admin');"
NOTE = "a spare schema was renamed"


@pytest.fixture
def tenant_databases():
    return ("one",)


@pytest.fixture
def worker_settings(services):
    return {
        "MIGRATOR_LANES": "2",
        "MIGRATOR_PG_BIN": str(services.postgres.bin),
        "MIGRATOR_UPKEEP_EVERY": "0.5",
        "MIGRATOR_SPARES": "2",
        "MIGRATOR_LEASE": "6",
    }


@pytest.fixture
def command(fleet, worker_settings):
    return lambda *arguments: fleet.command(*arguments, **worker_settings)


@pytest.fixture
def ready(fleet):
    """Names of the spares that are ready at a version."""

    def asked(version):
        query = f"SELECT schema_name FROM migrator.spare WHERE state = 'ready' AND version = '{version}'"
        return {name for (name,) in fleet.rows("control", query)}

    return asked


@pytest.fixture
def filled(fleet, celery_setup, ready):
    """A pool of two, made by the workers."""
    fleet.write("V1__account.sql", FIRST + SEED)
    fleet.register(databases=("one",))
    fill_spares.delay("one")
    wait_until(lambda: len(ready("1")) == 2, lambda: str(fleet.rows("control", "TABLE migrator.pool")))
    return ready("1")


def there(fleet):
    found = fleet.rows("one", "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'migrator%'")
    return {name for (name,) in found}


def test_a_new_tenant_gets_a_spare_and_another_one_is_made(fleet, filled, ready):
    oid = "SELECT oid FROM pg_namespace WHERE nspname = '{}'"
    before = {fleet.rows("one", oid.format(name))[0] for name in filled}
    report = tasks.tenant_created.delay(**fleet.tenant_payload("1")).get(timeout=30)
    assert (report["version"], report["applied"], report["note"]) == ("1", 1, NOTE)
    assert fleet.rows("one", "SELECT * FROM tenant_1.account") == [(1, "admin")]
    assert fleet.rows("one", oid.format("tenant_1"))[0] in before
    wait_until(lambda: len(ready("1")) == 2, "no other spare was made")
    assert there(fleet) == ready("1")


def test_two_tenants_at_once_get_different_spares_and_the_third_one_comes_from_the_template(fleet, filled, ready):
    fleet.rows("control", "UPDATE migrator.database SET spares = 2")
    with fleet.holding_slots("one", 2):  # nobody makes more spares meanwhile
        sent = [tasks.tenant_created.delay(**fleet.tenant_payload(str(number))) for number in (1, 2)]
        assert [each.get(timeout=30)["note"] for each in sent] == [NOTE, NOTE]
        third = tasks.tenant_created.delay(**fleet.tenant_payload("3")).get(timeout=30)
    assert (third["version"], third["note"]) == ("1", None)
    query = "SELECT DISTINCT installed_by FROM tenant_3.flyway_schema_history"
    assert fleet.rows("one", query) == [("postgres by template",)]
    assert len({fleet.rows("one", f"SELECT '{s}.account'::regclass::oid")[0] for s in fleet.schemas("one")}) == 3
    assert not filled & there(fleet)


def test_a_rollout_takes_the_spares_along_and_does_not_count_them(fleet, filled, ready, celery_setup):
    tasks.tenant_created.delay(**fleet.tenant_payload("1")).get(timeout=30)
    wait_until(lambda: len(ready("1")) == 2, "no other spare was made")
    before = ready("1")
    fleet.write("V2__account_name.sql", SECOND)
    request = {"request_id": uuid4().hex, "scope": "tenant", "requested_by": "a test"}
    report = tasks.migration_requested.delay(**request).get(timeout=60)
    assert (report["total"], report["done"]) == (1, 1)
    wait_until(lambda: len(ready("2")) == 2, lambda: str(fleet.rows("control", "TABLE migrator.spare")))
    assert ready("2") == before  # migrated, not made anew
    report = tasks.tenant_created.delay(**fleet.tenant_payload("2")).get(timeout=30)
    assert (report["version"], report["note"]) == ("2", NOTE)
    assert fleet.history("one", "tenant_2") == ["V1__account.sql", "V2__account_name.sql"]
    code, _ = fleet.command_json("drift")
    assert code == 0


def test_a_spare_that_is_behind_is_not_handed_out(fleet, filled):
    fleet.write("V2__account_name.sql", SECOND)
    report = tasks.tenant_created.delay(**fleet.tenant_payload("1")).get(timeout=30)
    assert (report["version"], report["note"]) == ("2", None)
    assert len(filled & there(fleet)) >= 1


def test_a_tenant_from_a_spare_can_be_rolled_back_like_any_other(fleet, filled):
    report = tasks.tenant_created.delay(**fleet.tenant_payload("1")).get(timeout=30)
    assert report["note"] == NOTE
    fleet.write("U1__account.sql", "DROP TABLE account;")
    code, done = fleet.command_json("rollback", report["execution"])
    assert (code, done["done"]) == (0, 1)
    assert fleet.rows("one", "SELECT to_regclass('tenant_1.account')") == [(None,)]


@pytest.mark.parametrize("renamed", [False, True], ids=["while it renames", "after it renamed"])
def test_a_worker_that_is_killed_leaves_a_tenant_that_is_finished_and_loses_no_spare(
    fleet, filled, ready, celery_setup, beat, renamed
):
    urls = [fleet.services.postgres.url(fleet.names[name]) for name in ("one", "control")]
    with closing(psycopg2.connect(urls[0])) as target, closing(psycopg2.connect(urls[1])) as control:
        for name in filled:  # not committed: whoever renames it has to wait
            target.cursor().execute(f"GRANT USAGE ON SCHEMA {name} TO PUBLIC")
        sent = tasks.tenant_created.delay(**fleet.tenant_payload("1"))
        waits = "SELECT 1 FROM pg_stat_activity WHERE application_name LIKE '%newcomers' AND wait_event_type = 'Lock'"
        wait_until(lambda: fleet.rows("one", waits), "nobody renames")
        if renamed:
            control.cursor().execute("SELECT * FROM migrator.spare FOR UPDATE")
            target.rollback()
            wait_until(lambda: "tenant_1" in fleet.schemas("one"), "it was not renamed")
        celery_setup.worker.kill()
    celery_setup.worker.restart()
    report = sent.get(timeout=60)
    assert (report["state"], report["version"], report["applied"]) == ("completed", "1", 1)
    assert fleet.history("one", "tenant_1") == ["V1__account.sql"]
    wait_until(lambda: len(ready("1")) == 2 and there(fleet) == ready("1"), lambda: str(there(fleet)), 60)


def test_what_a_killed_worker_left_half_made_is_dropped(fleet, filled, ready):
    name = "migrator_spare_" + "0" * 16
    fleet.rows("one", f"CREATE SCHEMA {name}; CREATE TABLE {name}.half ()")
    insert = (
        "INSERT INTO migrator.spare (database_id, schema_name, state, holder) VALUES ('one', '{}', 'making', 'gone')"
    )
    fleet.rows("control", insert.format(name))
    fill_spares.delay("one")
    wait_until(lambda: name not in there(fleet), "the unfinished one is still there")
    assert ready("1") == filled


def test_the_command_lists_fills_and_drops_spares(fleet, command, services):
    fleet.write("V1__account.sql", FIRST)
    fleet.register(databases=("one",))
    assert command("spare", "fill", "one", "--json").returncode == 1  # no template yet, and nobody to make it
    listed = command("spare", "list")
    assert "0 of 2 spares are ready" in listed.stderr
    assert command("database", "set", "one", "--spares", "0").returncode == 0
    assert "there is no spare" in command("spare", "list").stdout
    assert command("spare", "drop", "one", "--yes").returncode == 0
