"""The stranger who looks at the end of a chaos round finds what is wrong; each fault is made and looked for."""

from __future__ import annotations

import psycopg2
import pytest

from migrator.folder import read_folder
from migrator.schema.engine import Engine
from tests.chaos import checker, folder
from tests.chaos.folder import MIGRATED


@pytest.fixture
def fleet(open_, tmp_path, new_database, server, database):
    """The URL of a database with one schema as the chaos suite leaves it."""
    session = open_()
    Engine(read_folder(folder.write(tmp_path) / "tenant")).migrate(session, "tenant_1")
    session.close()
    yield server.url(database.name)
    _run(server.url(database.name), "DROP SCHEMA tenant_1 CASCADE")


def _run(url, *statements):
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    connection.close()


def faults(url, schemas=("tenant_1",)):
    return list(checker.schema_faults(url, schemas, MIGRATED, among=schemas))


def test_a_schema_that_was_migrated_once_has_no_fault(fleet):
    assert faults(fleet) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("INSERT INTO tenant_1.applied (script) VALUES ('V2')", "'V2': 2"),
        ("DELETE FROM tenant_1.applied WHERE script = 'V4'", "migrations wrote"),
        ("DELETE FROM tenant_1.flyway_schema_history WHERE script LIKE 'V5%'", "history is"),
        ("UPDATE tenant_1.flyway_schema_history SET success = false WHERE installed_rank = 2", "says failure"),
        ("UPDATE tenant_1.counter SET value = 3", "counter was moved"),
        ("DELETE FROM tenant_1.account WHERE id = 1", "account has 49 rows"),
        ("ALTER TABLE tenant_1.account ADD COLUMN phone text", "columns are"),
        ("DROP INDEX tenant_1.account_name", "indexes are"),
        ("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'tenant_1.account_email'::regclass", "indexes are"),
        ("DROP VIEW tenant_1.names", "tables are"),
    ],
)
def test_a_fault_is_found(fleet, change, said):
    _run(fleet, change)
    [found] = faults(fleet)
    assert said in found


def test_a_missing_schema_and_one_that_was_left_are_found(fleet):
    assert faults(fleet, ["tenant_2"]) == ["schema tenant_2 is missing", "schema tenant_1 was left"]


@pytest.mark.parametrize("statement", ["SELECT 1", "SELECT pg_advisory_lock(7)"])
def test_a_connection_that_was_left_is_found_with_its_lock(fleet, server, store, statement, control):
    connection = psycopg2.connect(fleet, application_name="migrator lane 1 x")
    with connection.cursor() as cursor:
        cursor.execute(statement)
    found = checker.remains(server.url(control), [fleet])
    connection.close()
    assert any(fault.startswith("connection: ") and "migrator lane 1 x" in fault for fault in found)
    here = f"lock: {fleet.rpartition('/')[2]} "  # the server has other tests' databases, too
    assert any(fault.startswith(here) for fault in found) == ("lock" in statement)
