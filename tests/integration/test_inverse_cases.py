"""Every case of an inverse, tried: afterwards the catalog is what it was before."""

from __future__ import annotations

from pathlib import Path

import psycopg2
import pytest

from migrator.folder.statements import split_statements
from migrator.schema.fingerprint import describe
from tests.inverse_cases import CASES


@pytest.fixture(scope="module")
def connection(server, database):
    opened = psycopg2.connect(server.url(database.name))
    opened.autocommit = True
    yield opened
    opened.close()


@pytest.fixture
def run(connection, schema):
    """Runs scripts in the test's own schema, one statement after the other: some refuse a transaction."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {schema}; SET search_path = {schema}; DISCARD TEMP")

    def script(sql):
        with connection.cursor() as cursor:
            for statement in split_statements(sql, Path("x.sql")):
                cursor.execute(f"SET search_path = {schema}")
                cursor.execute(statement.text)

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
