"""Rollbacks over hundreds of tenants in four databases: what they leave is held against what was there before."""

from __future__ import annotations

from uuid import uuid4

import pytest

import tasks
from tests.acceptance.catalogs import fingerprints, histories, migrate_here, row_counts, scripts
from tests.acceptance.fleet import FIRST
from tests.acceptance.nodes import wait_until

ROWS = "INSERT INTO account VALUES (1, 'ann'), (2, 'bob');"
ADD = (
    "ALTER TABLE account ADD COLUMN note text; CREATE INDEX account_note ON account (note);"
    "CREATE TABLE entry (id int PRIMARY KEY, account int REFERENCES account);"
)
BY_SCRIPT = {
    "V2__entry.sql": f"{ADD} INSERT INTO account VALUES (3, 'eve'); INSERT INTO entry VALUES (1, 3);",
    "U2__entry.sql": "DROP TABLE entry; DELETE FROM account WHERE id = 3; ALTER TABLE account DROP COLUMN note;",
}
BY_INVERSE = {"V2__entry.sql": ADD}
BY_SNAPSHOT = {"V2__gone.sql": "DELETE FROM account WHERE id = 2; ALTER TABLE account DROP COLUMN name;"}
SLOWLY = {"V2__note.sql": "CREATE TABLE note ();", "U2__note.sql": "SELECT pg_sleep(0.1); DROP TABLE note;"}
BYSTANDERS = 10
"""Tenants that the execution never reaches."""
LEASE = 3


@pytest.fixture
def tenant_databases():
    return ("one", "two", "three", "four")


@pytest.fixture
def worker_settings(services):
    quick = {"MIGRATOR_LANES": "2", "MIGRATOR_UPKEEP_EVERY": "0.5", "MIGRATOR_LANE_SLICE": "1"}
    return quick | {"MIGRATOR_PG_BIN": str(services.postgres.bin), "MIGRATOR_LEASE": str(LEASE)}


def picture(fleet):
    """Fingerprint and rows of each table of every schema."""
    counts = {}
    for (schema, table), count in row_counts(fleet).items():
        counts.setdefault(schema, {})[table] = count
    return {schema: (found, counts[schema]) for schema, found in fingerprints(fleet).items()}


@pytest.fixture
def upgraded(fleet, celery_setup):
    """Tenants at version 1, the bystanders among them, and the execution that brings the others to version 2."""

    def make(tenants, files, **options):
        fleet.write("V1__account.sql", FIRST + ROWS)
        fleet.register(tenants + BYSTANDERS)
        migrate_here(fleet, tenants + BYSTANDERS)
        before = picture(fleet), histories(fleet)
        for name, text in files.items():
            fleet.write(name, text)
        wanted = [str(number) for number in range(1, tenants + 1)]
        request = {"request_id": uuid4().hex, "scope": "tenant", "requested_by": "a test", "target_tenants": wanted}
        report = tasks.migration_requested.delay(**request, **options).get(timeout=90)
        assert report["done"] == tenants
        return report["execution"], *before

    return make


@pytest.mark.parametrize(
    ("tenants", "files", "options", "way"),
    [
        pytest.param(200, BY_SCRIPT, {}, "scripts", id="by undo script"),
        pytest.param(200, BY_INVERSE, {}, "scripts", id="by derived inverse"),
        pytest.param(200, BY_SNAPSHOT, {"snapshots": "unsafe"}, "snapshot", id="by snapshot"),
    ],
)
def test_what_an_execution_changed_is_as_before_what_it_never_reached_untouched_and_who_moved_on_refused(
    fleet, upgraded, tenants, files, options, way
):
    execution, before, ranks = upgraded(tenants, files, **options)
    fleet.write("V3__more.sql", "CREATE TABLE more ();")
    assert fleet.command("migrate", "--tenant", "7").returncode == 0
    after, ranks_after = picture(fleet), histories(fleet)
    assert all(after[f"tenant_{number}"] != before[f"tenant_{number}"] for number in range(1, tenants + 1))
    code, report = fleet.command_json("rollback", execution)
    assert (code, report["total"], report["done"], report["failed"]) == (1, tenants, tenants - 1, 1)
    [refused] = report["failures"]
    assert refused["schema"] == "tenant_7"
    assert "it moved on since: it is at version 3" in refused["message"]
    found, ranks_found = picture(fleet), histories(fleet)
    assert (found.pop("tenant_7"), ranks_found["tenant_7"]) == (after["tenant_7"], ranks_after["tenant_7"])
    assert found == {schema: each for schema, each in before.items() if schema != "tenant_7"}
    bystanders = [f"tenant_{number}" for number in range(tenants + 1, tenants + BYSTANDERS + 1)]
    assert [ranks_found[schema] for schema in bystanders] == [ranks[schema] for schema in bystanders]
    notes = {row.note for row in fleet.outcomes(report["execution"]).values() if row.state == "done"}
    assert all(note.startswith(f"taken back by {way}; the fingerprint is the one before") for note in notes)


@pytest.mark.usefixtures("beat")
@pytest.mark.parametrize("celery_worker_count", [2])
def test_a_rollback_ends_by_itself_when_a_worker_group_is_killed_in_its_middle(fleet, upgraded, celery_setup):
    execution, before, _ = upgraded(100, SLOWLY)
    sent = tasks.rollback_requested.delay(execution_id=execution, requested_by="a test")
    wait_until(lambda: (row := fleet.execution(sent.id)) and row.done >= 10)
    killed = celery_setup.worker.container
    wait_until(lambda: held_by(fleet, sent.id, [child.pid for child in killed.children()]), "it has no part in it")
    killed.kill()
    assert not fleet.execution(sent.id).finished_at
    report = sent.get(timeout=90)
    assert (report["state"], report["done"], report["failed"]) == ("completed", 100, 0)
    assert picture(fleet) == before
    found = scripts(fleet)
    once = ["V1__account.sql", "V2__note.sql", "U2__note.sql"]
    assert [found[f"tenant_{number}"] for number in range(1, 101)] == [once] * 100


def held_by(fleet, execution_id, pids):
    """Whether a process of these has a target now."""
    running = [row for row in fleet.outcomes(execution_id).values() if row.state == "running"]
    return any(int(row.lease_holder.split(":")[2]) in pids for row in running)
