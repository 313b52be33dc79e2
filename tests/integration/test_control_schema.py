"""The control schema: made by our own engine, described in the database, with the states of the model."""

from __future__ import annotations

import re

import pytest

from migrator.errors import ControlDatabaseUnreachable, ControlSchemaMissing
from migrator.fleet import MIGRATIONS, SCHEMA, registry
from migrator.fleet.store import Store
from migrator.folder import read_folder
from migrator.model.check import Verdict
from migrator.model.event import EventStatus, Priority
from migrator.model.execution import ExecutionState, OutcomeState
from migrator.model.pace import Move
from migrator.model.target import Database, DatabaseKind, Scope
from migrator.schema.engine import Engine
from migrator.schema.rules import Rules
from migrator.schema.session import open_url

HISTORY = "flyway_schema_history"


@pytest.fixture
def init(server, new_database):
    """Does what ``migrator init`` does, in one database each time."""
    name = new_database()

    def migrate():
        session = open_url(server.url(name), "migrator init")
        try:
            return Engine(read_folder(MIGRATIONS), Rules(shared_schemas=())).migrate(session, SCHEMA)
        finally:
            session.close()

    return migrate


def test_doing_it_twice_changes_nothing(init):
    first, second = init(), init()
    assert first.applied == tuple(m.script for m in read_folder(MIGRATIONS).migrations)
    assert (second.applied, second.to_version) == ((), first.to_version)


TABLES = f"""SELECT oid, relname FROM pg_class
    WHERE relnamespace = '{SCHEMA}'::regnamespace AND relkind IN ('r', 'v', 'p') AND relname <> '{HISTORY}'"""


def test_every_table_has_a_comment(query, control):
    assert len(query(control, TABLES)) >= 6
    silent = f"SELECT relname FROM ({TABLES}) AS tables WHERE obj_description(oid, 'pg_class') IS NULL"
    assert query(control, silent) == []


def test_every_column_has_a_comment(query, control):
    silent = f"""SELECT relname, attname FROM pg_attribute JOIN ({TABLES}) AS tables ON tables.oid = attrelid
        WHERE attnum > 0 AND NOT attisdropped AND col_description(attrelid, attnum) IS NULL"""
    assert query(control, silent) == []


@pytest.mark.parametrize(
    ("table", "column", "states"),
    [
        ("event", "status", EventStatus),
        ("event", "priority", Priority),
        ("execution", "state", ExecutionState),
        ("outcome", "state", OutcomeState),
        ("outcome", "scope", Scope),
        ("database", "kind", DatabaseKind),
        ("preflight", "verdict", Verdict),
        ("pace", "move", Move),
    ],
)
def test_a_column_takes_exactly_the_states_of_the_model(query, control, table, column, states):
    check = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s AND conrelid = %s::regclass"
    ((definition,),) = query(control, check, f"{table}_{column}_check", f"{SCHEMA}.{table}")
    assert set(re.findall(r"'(\w+)'::text", definition)) == {state.value for state in states}


@pytest.fixture
def empty(server, new_database):
    """A control database without our tables."""
    store = Store(server.url(new_database()))
    yield store
    store.dispose()


def test_a_database_without_our_tables_says_what_to_do(empty):
    with pytest.raises(ControlSchemaMissing) as caught:
        empty.check_schema()
    newest = read_folder(MIGRATIONS).latest
    assert str(caught.value) == (
        f"the control database is without our tables, this release needs version {newest}; run 'migrator init'"
    )


def test_a_query_without_our_tables_says_the_same_in_words_that_make_a_sentence(empty):
    with pytest.raises(ControlSchemaMissing) as caught, empty.begin() as connection:
        registry.databases(connection)
    assert str(caught.value).endswith("run 'migrator init'")
    assert "version this release's" not in str(caught.value)


def test_tables_of_an_older_release_are_refused_by_their_version(store, query, control):
    store.check_schema()
    query(control, f"UPDATE {SCHEMA}.{HISTORY} SET version = '0.9'")
    with pytest.raises(ControlSchemaMissing, match=r"the control database is at version 0\.9, this release needs"):
        store.check_schema()


def test_a_control_database_that_cannot_be_reached_is_named_without_its_password(server):
    store = Store(server.url("absent").replace(server.password, "hunter2"))
    with pytest.raises(ControlDatabaseUnreachable) as caught, store.begin():
        pass
    assert str(caught.value).startswith(f"the control database at 127.0.0.1:{server.port}/absent cannot be reached: ")
    assert "hunter2" not in str(caught.value)


def test_what_raises_inside_a_transaction_is_not_committed(store, query, control):
    def fail():
        with store.begin() as connection:
            registry.add_database(connection, Database("a", "a", DatabaseKind.ADMIN))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert query(control, f"SELECT count(*) FROM {SCHEMA}.database") == [(0,)]


def test_a_connection_that_was_cut_is_replaced(store, query, control):
    ours = f"FROM pg_stat_activity WHERE application_name = 'migrator control' AND datname = '{control}'"
    for _ in range(2):
        with store.begin() as connection:
            assert registry.databases(connection) == []
        assert query("postgres", f"SELECT pg_terminate_backend(pid, 5000) {ours}") == [(True,)]
