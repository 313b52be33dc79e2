"""The roles of docs/sql are enough for everything, and for nothing more."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import psycopg2
import pytest

from migrator.local import client_programs
from tests.acceptance.fleet import FIRST, SECOND

SQL = Path(__file__).parents[2] / "docs" / "sql"
OWNER, CONTROL, APPLICATION, MIGRATION = (
    f"migrator_{name}" for name in ("owner", "control", "application", "migration")
)


@pytest.fixture
def as_role(fleet):
    """The address of one of the fleet's databases for one of the roles."""
    where = f"127.0.0.1:{fleet.services.postgres.port}"
    return lambda name, role: f"postgresql://{role}:{role}@{where}/{fleet.names[name]}"


@pytest.fixture
def set_up(fleet, as_role, tmp_path):
    """A control database made from nothing with the roles alone, and target databases opened for one of them."""
    run_file(fleet, "control", "DROP SCHEMA migrator CASCADE")
    run_file(fleet, "control", SQL / "control_roles.sql")
    for role in (OWNER, CONTROL, APPLICATION):
        fleet.rows("control", f"ALTER ROLE {role} PASSWORD '{role}'")
    init = fleet.command("init", MIGRATOR_CONTROL_URL=as_role("control", OWNER))
    assert init.returncode == 0, init.stderr
    run_file(fleet, "control", SQL / "control_roles.sql")
    for name in fleet.databases:
        run_file(fleet, name, SQL / "target_roles.sql")
    fleet.rows("control", f"ALTER ROLE {MIGRATION} PASSWORD '{MIGRATION}'")
    return {
        "MIGRATOR_CONTROL_URL": as_role("control", CONTROL),
        "MIGRATOR_CREDENTIAL": "env:MIGRATION_PASSWORD",
        "MIGRATOR_SNAPSHOTS": str(tmp_path / "snapshots"),
        "MIGRATOR_PG_BIN": str(client_programs()),
        "MIGRATION_PASSWORD": MIGRATION,
        "PGPASSFILE": "/dev/null",
    }


@pytest.fixture
def worker_settings(set_up):
    return set_up


def run_file(fleet, name, what):
    """As the superuser, with psql, as the document says."""
    words = ["--file", what] if isinstance(what, Path) else ["--command", what]
    command = [client_programs() / "psql", "--quiet", "-v", "ON_ERROR_STOP=1", "--dbname"]
    url = fleet.services.postgres.url(fleet.names[name])
    done = subprocess.run([*command, url, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.usefixtures("celery_setup")
def test_a_fleet_lives_its_whole_life_with_these_roles(fleet, set_up):
    def command(*words, code=0):
        done = fleet.command(*words, "--json", **set_up)
        assert done.returncode == code, done.stdout + done.stderr
        return json.loads(done.stdout)

    port = str(fleet.services.postgres.port)
    for name in fleet.databases:
        where = ["--name", fleet.names[name], "--host", "127.0.0.1", "--port", port, "--username", MIGRATION]
        command("database", "add", name, "--kind", "tenant", *where)
    for number in range(1, 5):
        command("tenant", "add", str(number), "--database", fleet.home(number), "--schema", f"tenant_{number}")
    fleet.write("V1__account.sql", FIRST)
    assert command("migrate")["done"] == 4
    fleet.write("V2__account_name.sql", SECOND)
    fleet.write("V3__plan.sql", "ALTER TABLE account ADD COLUMN plan text NOT NULL DEFAULT 'free';")
    command("rehearse")
    second = command("migrate", "--snapshots", "always")
    assert second["done"] == 4
    assert command("drift")
    assert command("rollback", second["execution"], "--strategy", "snapshot")["done"] == 4
    assert fleet.history("one", "tenant_2") == ["V1__account.sql"]
    third = command("migrate")
    assert command("rollback", third["execution"], "--strategy", "inverse")["done"] == 4
    for words in (["preflight"], ["validate"], ["status"], ["events"], ["plan"]):
        command(*words)
    command("migrate")
    command("snapshot", "take")
    assert fleet.rows(
        "control",
        "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'migrator%' AND (rolsuper "
        "OR rolcreatedb OR rolcreaterole OR rolbypassrls OR rolreplication)",
    ) == [(0,)]


FORBIDDEN = (
    ("control", CONTROL, "DROP TABLE migrator.event"),
    ("control", CONTROL, "ALTER TABLE migrator.event ADD COLUMN x int"),
    ("control", CONTROL, "CREATE TABLE migrator.mine (x int)"),
    ("control", CONTROL, "DELETE FROM migrator.flyway_schema_history"),
    ("control", CONTROL, "CREATE SCHEMA mine"),
    ("control", APPLICATION, "SELECT * FROM migrator.event"),
    ("control", APPLICATION, "INSERT INTO migrator.event (id, type) VALUES ('x', 'tenant.deleted')"),
    ("control", APPLICATION, "SELECT credential FROM migrator.database"),
    ("control", APPLICATION, "CREATE TABLE migrator.mine (x int)"),
    ("control", MIGRATION, "SELECT 1"),
    ("control", "somebody_else", "SELECT 1"),
    ("one", MIGRATION, "CREATE ROLE mine"),
    ("one", MIGRATION, "CREATE DATABASE mine"),
    ("one", MIGRATION, "COPY (SELECT 1) TO PROGRAM 'true'"),
    ("one", MIGRATION, "SELECT rolpassword FROM pg_authid"),
)
"""Where, who, what."""


def refusal(url, statement):
    """Why a role is not let do something; None when it is."""
    try:
        connection = psycopg2.connect(url)
    except psycopg2.OperationalError as error:
        return "permission denied" in str(error)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
    except psycopg2.errors.InsufficientPrivilege:
        return True
    finally:
        connection.close()
    return False


@pytest.mark.usefixtures("set_up")
def test_a_role_may_not_do_what_is_not_its_work(fleet, as_role):
    fleet.rows("one", "DROP ROLE IF EXISTS somebody_else; CREATE ROLE somebody_else LOGIN PASSWORD 'somebody_else'")
    allowed = [each for each in FORBIDDEN if not refusal(as_role(each[0], each[1]), each[2])]
    assert allowed == []
    assert refusal(as_role("control", CONTROL), "SELECT * FROM migrator.event") is False
    publishes = """SELECT migrator.publish('tenant.deleted', '{"tenant_id": "7"}')"""
    assert refusal(as_role("control", APPLICATION), publishes) is False
    assert refusal(as_role("control", APPLICATION), "SELECT credential FROM migrator.database") is True
