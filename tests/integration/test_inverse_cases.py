"""Every case of an inverse, tried: afterwards the catalog is what it was before."""

from __future__ import annotations

from pathlib import Path

import psycopg2
import pytest

from migrator.folder.inverse import inverse_of
from migrator.folder.statements import split_statements
from migrator.model.slot import filled
from migrator.schema.fingerprint import describe
from tests.inverse_cases import CASES
from tests.unit.builders import migration


@pytest.fixture(scope="module")
def connection(server, database):
    opened = psycopg2.connect(server.url(database.name))
    opened.autocommit = True
    yield opened
    opened.close()


@pytest.fixture
def run(connection, schema):
    """Runs scripts in the test's own schema, in one transaction where that can be."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {schema}; SET search_path = {schema}; DISCARD TEMP")

    def script(sql):
        statements = split_statements(sql, Path("x.sql"))
        whole = all(statement.transactional for statement in statements)
        with connection.cursor() as cursor:
            for text in [sql] if whole else [statement.text for statement in statements]:
                cursor.execute(f"SET search_path = {schema}")
                cursor.execute(text or "SELECT 1")

    yield script
    with connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA {schema} CASCADE")


@pytest.mark.parametrize("case", [case for case in CASES if not case.reason], ids=str)
def test_the_inverse_leaves_the_catalog_as_it_was(case, run, session, schema):
    for script in case.before:
        run(script)
    before = describe(session, schema)
    run(case.forward)
    run(case.back)
    assert describe(session, schema) == before


@pytest.mark.parametrize("case", [case for case in CASES if case.reason], ids=str)
def test_what_has_no_certain_inverse_is_sql_that_runs(case, run):
    for script in (*case.before, case.forward):
        run(script)


@pytest.mark.parametrize(
    ("before", "forward"),
    [
        ('CREATE TABLE "${migrator:schema}".t (a int)', 'ALTER TABLE "${migrator:schema}".t RENAME a TO c'),
        ("CREATE TABLE t (a int)", "CREATE TABLE t_${migrator:tenant_id} (a text DEFAULT '${migrator:tenant_id}')"),
        ("CREATE TABLE t (a text DEFAULT '${migrator:tenant_id}')", "ALTER TABLE t ALTER a DROP DEFAULT"),
        ('CREATE VIEW v AS SELECT * FROM "${migrator:schema}".f()', "DROP VIEW v"),
    ],
)
def test_an_inverse_with_placeholders_is_as_good_as_its_migration(before, forward, run, session, schema):
    values = {"schema": schema, "tenant_id": "Acme"}
    run("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    run(filled(before, values, schema))
    catalog = describe(session, schema)
    inverse = inverse_of(migration("V2__x.sql", forward), [migration("V1__x.sql", before)])
    run(filled(forward, values, schema))
    run(filled(inverse.sql, values, schema))
    assert describe(session, schema) == catalog
