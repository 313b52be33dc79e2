"""Histories of a registered fleet: begun, held against the folder and repaired by one command each, without workers."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.acceptance.fleet import FIRST, SECOND

THIRD = "CREATE TABLE note (id int)"
TABLE = "CREATE TABLE {schema}.schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL)"


@pytest.fixture
def schemas(fleet):
    """Six registered tenants whose schemas exist, tenant to the database that it is in."""
    fleet.register(tenants=6)
    homes = {f"tenant_{number}": ("one", "two")[number % 2] for number in range(1, 7)}
    for schema, database in homes.items():
        fleet.rows(database, f"CREATE SCHEMA {schema}")
    return homes


@pytest.fixture
def everywhere(fleet, schemas):
    """Runs a statement for every schema, or for those that are named."""

    def run(statement, *names):
        for schema, database in schemas.items():
            if schema in names or not names:
                fleet.rows(database, statement.format(schema=schema))

    return run


@pytest.fixture
def managed(fleet, everywhere):
    """All six are at version 2 of golang-migrate."""
    fleet.write("0001_account.up.sql", FIRST)
    fleet.write("0002_name.up.sql", SECOND)
    everywhere(TABLE + "; INSERT INTO {schema}.schema_migrations VALUES (2, false)")


@pytest.mark.usefixtures("managed")
def test_a_fleet_of_another_tool_is_adopted_and_the_dirty_one_is_named(fleet, everywhere, schemas):
    everywhere("UPDATE {schema}.schema_migrations SET dirty = true", "tenant_3")
    code, first = fleet.command_json("baseline", "--adopt", "--yes")
    assert (code, first["targets"], first["written"], first["managed"]) == (1, 6, 5, [])
    assert first["schemas"][0] == {
        "target": "one/tenant_2",
        "version": "0002",
        "written": True,
        "tool": "golang-migrate",
        "applied": ["0001_account.up.sql", "0002_name.up.sql"],
    }
    (error,) = first["errors"]
    assert error["target"] == "two/tenant_3"
    assert "golang-migrate left version 2 dirty" in error["error"]
    everywhere("UPDATE {schema}.schema_migrations SET dirty = false", "tenant_3")
    second = fleet.command("baseline", "--adopt", "--yes")
    assert second.returncode == 0
    assert "1 of 6 histories begun, 5 had one already" in second.stdout
    assert "1 at version 0002 from golang-migrate: two/tenant_3" in second.stdout
    assert fleet.command_json("validate")[1] == {
        "valid": True,
        "targets": 6,
        "agree": 6,
        "findings": [],
        "errors": [],
    }
    assert all(
        fleet.history(home, schema) == ["0001_account.up.sql", "0002_name.up.sql"] for schema, home in schemas.items()
    )


@pytest.mark.usefixtures("managed")
def test_equal_findings_are_told_once_with_their_targets_and_repaired_together(fleet, everywhere):
    fleet.command("baseline", "--adopt", "--yes")
    fleet.write("0003_note.up.sql", THIRD)
    pending = fleet.command("validate")
    assert pending.returncode == 0
    assert "6 of 6 targets agree with their folders" in pending.stdout
    assert "6 have pending 0003_note.up.sql: one/tenant_2, one/tenant_4" in pending.stdout
    everywhere("UPDATE {schema}.flyway_schema_history SET checksum = 7 WHERE version = '0001'", "tenant_1", "tenant_4")
    found = fleet.command("validate")
    assert found.returncode == 1
    assert "4 of 6 targets agree with their folders" in found.stdout
    assert "2 have changed 0001_account.up.sql: one/tenant_4, two/tenant_1" in found.stdout
    code, document = fleet.command_json("validate")
    assert (code, document["valid"], document["agree"]) == (1, False, 4)
    assert [(each["kind"], len(each["targets"])) for each in document["findings"]] == [("changed", 2), ("pending", 6)]
    repaired = fleet.command("repair", "--yes")
    assert repaired.returncode == 0
    assert "2 of 6 histories repaired" in repaired.stdout
    assert "2 times 0001_account.up.sql has now checksum" in repaired.stdout
    assert fleet.command("validate").returncode == 0


def test_a_fleet_that_has_no_history_is_declared_to_be_at_a_version(fleet, everywhere, schemas):
    for name, sql in {"V1__account.sql": FIRST, "V2__name.sql": SECOND}.items():
        fleet.write(name, sql)
    everywhere("SET search_path TO {schema}; " + FIRST)
    without = fleet.command("baseline", "--at", "1", "--yes")
    assert (without.returncode, "--at needs --scope" in without.stderr) == (2, True)
    code, done = fleet.command_json("baseline", "--at", "1", "--scope", "tenant", "--yes")
    assert (code, done["written"], done["errors"]) == (0, 6, [])
    assert fleet.command_json("baseline", "--at", "1", "--scope", "tenant", "--yes")[1]["written"] == 0
    assert fleet.history("one", "tenant_2") == ["<< Flyway Baseline >>"]


@pytest.mark.usefixtures("managed")
@pytest.mark.parametrize(
    ("command", "answer", "code"),
    [(("repair",), "n\n", 130), (("baseline", "--adopt"), "", 130), (("baseline", "--adopt"), "y\n", 0)],
    ids=["no", "nobody", "yes"],
)
def test_before_histories_are_written_their_number_is_asked_about(fleet, command, answer, code):
    done = subprocess.run(
        [sys.executable, "-m", "migrator.cli", *command, "--tenant", "2", "--tenant", "3"],
        env={**os.environ, **fleet.environment},
        cwd=fleet.place,
        input=answer,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "the histories of 2 schemas? [y/N]" in done.stderr
    assert done.returncode == code
    exists = fleet.rows("one", "SELECT to_regclass('tenant_2.flyway_schema_history') IS NOT NULL")
    assert exists == [(code == 0,)]


def test_a_target_that_cannot_be_looked_into_is_told_and_the_others_are(fleet, schemas):
    fleet.write("V1__account.sql", FIRST)
    fleet.rows("one", "DROP SCHEMA tenant_2")
    done = fleet.command("validate")
    assert done.returncode == 1
    assert "5 of 6 targets agree with their folders; 1 target could not be looked into" in done.stdout
    assert "one/tenant_2: database one has no schema tenant_2, nothing was changed" in done.stdout
