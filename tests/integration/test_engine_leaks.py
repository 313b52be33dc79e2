"""What one migration does to its session reaches neither the next file nor the next schema."""

from __future__ import annotations

import pytest

from migrator.schema.engine import Engine

LOOK = """CREATE TABLE seen AS SELECT current_user::text AS who, current_setting('search_path') AS path,
    current_setting('lock_timeout') AS locks, current_setting('statement_timeout') AS statements,
    current_setting('work_mem') AS memory, current_setting('default_transaction_read_only') AS read_only"""
AS_PG_DUMP_WRITES = """SET statement_timeout = 0;
SET client_encoding = 'UTF8';
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
"""


@pytest.fixture(autouse=True)
def role(ask):
    ask("DO $$ BEGIN CREATE ROLE intern; EXCEPTION WHEN duplicate_object THEN END $$")
    ask("GRANT ALL ON DATABASE {} TO intern".format(ask("SELECT current_database()")[0][0]))


@pytest.fixture
def looked(session, schema, folder, ask):
    """What a schema's migration sees in a session that migrated another schema with ``sql`` before."""

    def see(sql):
        clean, after = f"{schema}_clean", f"{schema}_after"
        look = folder({"V1__look.sql": LOOK})
        Engine(look).migrate(session, clean)
        Engine(folder({"V1__look.sql": sql})).migrate(session, schema)
        Engine(look).migrate(session, after)
        (before,), (found,) = (ask(f"SELECT * FROM {name}.seen") for name in (clean, after))
        return [value.replace(clean, "*") for value in before], [value.replace(after, "*") for value in found]

    return see


@pytest.mark.parametrize(
    "sql",
    [
        "SET search_path TO pg_catalog",
        "SET work_mem = '7MB'; SET lock_timeout = '7s'; SET statement_timeout = 0",
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
        "SELECT set_config('search_path', '', false)",
        "VACUUM pg_class; SET search_path TO pg_catalog; SET work_mem = '7MB'; SET statement_timeout = 0",
    ],
)
def test_a_setting_does_not_reach_the_next_schema(looked, sql):
    before, found = looked(sql)
    assert found == before


@pytest.mark.parametrize("statement", ["SET ROLE intern", "SET SESSION AUTHORIZATION intern"])
def test_who_a_migration_becomes_the_next_schema_is_not(session, schema, folder, ask, statement):
    Engine(folder({"V1__look.sql": "SELECT 1"})).migrate(session, schema)
    session.run(statement)
    Engine(folder({"V1__look.sql": LOOK})).migrate(session, f"{schema}_b")
    assert ask(f"SELECT who FROM {schema}_b.seen") == [("postgres",)]


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TEMP TABLE staging (id int)",
        "PREPARE one AS SELECT 1",
        "DECLARE c CURSOR WITH HOLD FOR SELECT 1",
    ],
    ids=["temporary table", "prepared statement", "cursor"],
)
def test_what_a_migration_makes_in_its_session_is_not_in_the_way_of_the_next_schema(session, schema, folder, sql):
    engine = Engine(folder({"V1__a.sql": sql}))
    for name in (schema, f"{schema}_b"):
        assert engine.migrate(session, name).applied == ("V1__a.sql",)


def test_a_lock_that_a_migration_takes_for_its_session_is_let_go(session, open_, schema, folder):
    engine = Engine(folder({"V1__a.sql": "SELECT pg_advisory_lock(4711)"}))
    engine.migrate(session, schema)
    engine.migrate(session, f"{schema}_b")
    Engine(folder({"V1__a.sql": "SELECT 1"})).migrate(session, f"{schema}_c")
    assert open_().rows("SELECT pg_try_advisory_lock(4711)") == [(True,)]


def test_a_dump_as_first_file_leaves_the_search_path_of_the_second_alone(session, schema, folder, ask):
    files = {
        "V1__dump.sql": f"{AS_PG_DUMP_WRITES}CREATE TABLE {schema}.item ();",
        "V2__more.sql": "CREATE TABLE more ()",
    }
    Engine(folder(files)).migrate(session, schema)
    assert ask("SELECT to_regclass(%s) IS NOT NULL", f"{schema}.more") == [(True,)]


def test_a_role_that_one_file_takes_is_not_the_next_ones(session, schema, folder, ask):
    Engine(folder({"V1__become.sql": "SET ROLE intern", "V2__look.sql": LOOK})).migrate(session, schema)
    assert ask(f"SELECT who FROM {schema}.seen") == [("postgres",)]
