"""Files with a statement that PostgreSQL refuses inside a transaction."""

from __future__ import annotations

import psycopg2
import pytest
from waiting import eventually, meanwhile

from migrator.errors import ConnectionLost, MigrationFailed, SchemaLocked
from migrator.folder.statements import split_statements
from migrator.schema.engine import Change, Engine
from migrator.schema.rules import Rules

TABLE = {"V1__items.sql": "CREATE TABLE item (id int, name text)"}
INDEX = {"V2__index.sql": "-- slow\nCREATE INDEX CONCURRENTLY item_name ON item (name)"}
AFTER = {"V3__more.sql": "CREATE TABLE more ()"}
ALL = TABLE | INDEX | AFTER
PATIENT = Rules(lock_timeout=20, tries=1)


@pytest.fixture
def scripts(ask, schema):
    statement = f"SELECT script FROM {schema}.flyway_schema_history ORDER BY installed_rank"
    return lambda: [script for (script,) in ask(statement)]


@pytest.fixture
def index(ask, schema):
    """Whether the index is valid; None when there is none."""
    statement = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)"

    def is_valid():
        found = ask(statement, f"{schema}.item_name")
        return found[0][0] if found else None

    return is_valid


@pytest.fixture
def reader(open_, schema):
    """Begins a transaction that a concurrent build has to wait for; the session is given to end it."""

    def begin():
        session = open_("reader")
        session.run(f"BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM {schema}.item")
        return session

    return begin


def held_locks(ask):
    return ask("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")[0][0]


def test_a_concurrent_index_between_two_other_files_is_built_and_recorded(session, schema, folder, scripts, index):
    Engine(folder(ALL), execution="e1").migrate(session, schema)
    assert scripts() == ["V1__items.sql", "V2__index.sql", "V3__more.sql"]
    assert index() is True
    assert Engine(folder(ALL), execution="e2").migrate(session, schema).applied == ()


@pytest.mark.parametrize("execution", [None, "e1"])
def test_what_was_done_in_several_transactions_is_said_as_one_change(session, schema, folder, execution):
    change = Engine(folder(ALL), execution=execution).migrate(session, schema)
    assert change == Change(schema, None, "3", tuple(ALL))


def test_the_next_attempt_of_an_execution_says_what_the_first_one_did(session, schema, folder):
    Engine(folder(TABLE | INDEX), execution="e1").migrate(session, schema)
    assert Engine(folder(ALL), execution="e1").migrate(session, schema).applied == tuple(ALL)


def test_what_goes_on_in_the_middle_of_a_file_says_that_the_schema_was_changed_before(session, schema, folder, ask):
    Engine(folder(TABLE)).migrate(session, schema)
    begun = folder({"V2__half.sql": "CREATE TABLE half (); VACUUM item; SELECT 1 / (SELECT count(*) FROM item)"})
    with pytest.raises(MigrationFailed, match="division by zero"):
        Engine(begun).migrate(session, schema)
    ask(f"INSERT INTO {schema}.item VALUES (1, 'one')")
    assert Engine(begun).migrate(session, schema).resumed
    assert not Engine(folder(AFTER)).migrate(session, schema).resumed


def test_the_lock_of_the_schema_is_let_go_afterwards(session, schema, folder, ask):
    Engine(folder(ALL)).migrate(session, schema)
    assert held_locks(ask) == 0


def test_the_time_it_took_stands_in_history(session, schema, folder, ask):
    Engine(folder(TABLE | {"V2__vacuum.sql": "SELECT pg_sleep(0.2); VACUUM item"})).migrate(session, schema)
    assert ask(f"SELECT execution_time >= 200 FROM {schema}.flyway_schema_history WHERE version = '2'") == [(True,)]


def test_a_failure_says_what_stays_and_the_files_before_it_are_recorded(session, schema, folder, scripts, ask):
    sql = "CREATE TABLE kept ();\n\nCREATE INDEX CONCURRENTLY ON nobody (id);\nSELECT 1"
    with pytest.raises(MigrationFailed) as caught:
        Engine(folder(TABLE | {"V2__bad.sql": sql} | AFTER)).migrate(session, schema)
    assert (caught.value.facts["script"], caught.value.facts["line"]) == ("V2__bad.sql", 3)
    assert "the statements before it in this file stay applied, its history row was not written" in str(caught.value)
    assert scripts() == ["V1__items.sql"]
    assert ask("SELECT to_regclass(%s) IS NOT NULL", f"{schema}.kept") == [(True,)]
    assert held_locks(ask) == 0


def test_names_lead_to_the_tenants_own_schema_there_too(session, schema, folder, ask):
    Engine(folder({"V1__a.sql": "CREATE TABLE a (id int); VACUUM a"})).migrate(session, schema)
    assert ask("SELECT to_regclass(%s) IS NOT NULL", f"{schema}.a") == [(True,)]


def test_what_a_failed_build_left_is_cleaned_before_the_retry(session, schema, folder, ask, index):
    Engine(folder(TABLE)).migrate(session, schema)
    ask(f"INSERT INTO {schema}.item VALUES (1, 'same'), (2, 'same')")
    unique = folder({"V2__unique.sql": "CREATE UNIQUE INDEX CONCURRENTLY item_name ON item (name)"})
    with pytest.raises(MigrationFailed, match="could not create unique index"):
        Engine(unique).migrate(session, schema)
    ask(f"DELETE FROM {schema}.item WHERE id = 2")
    assert Engine(unique).migrate(session, schema).applied == ("V2__unique.sql",)
    assert index() is True


@pytest.mark.parametrize("create", ["CREATE INDEX CONCURRENTLY", "CREATE INDEX CONCURRENTLY IF NOT EXISTS"])
def test_a_build_that_was_killed_is_finished_by_the_next_run(
    session, schema, folder, ask, open_, index, scripts, reader, create
):
    Engine(folder(TABLE)).migrate(session, schema)
    files = folder({"V2__index.sql": f"{create} item_name ON item (name)"})
    holding, killed = reader(), open_("killed")
    with meanwhile(Engine(files, PATIENT).migrate, killed, schema) as first:
        eventually(lambda: index() is False)
        ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'killed'")
        with pytest.raises(ConnectionLost):
            first.result()
    assert index() is False
    holding.run("ROLLBACK")
    Engine(files).migrate(session, schema)
    assert ask("SELECT indisvalid FROM pg_index WHERE indrelid = %s::regclass", f"{schema}.item") == [(True,)]
    assert (index(), scripts()) == (True, ["V1__items.sql", "V2__index.sql"])


def test_a_build_that_was_killed_before_it_was_recorded_is_finished_by_the_next_run(
    session, schema, folder, ask, open_, index, scripts, reader
):
    Engine(folder(TABLE)).migrate(session, schema)
    holding, reading = open_("holding"), reader()
    with meanwhile(Engine(folder(INDEX), PATIENT).migrate, open_("killed"), schema) as first:
        eventually(lambda: index() is False)
        holding.run(f"BEGIN; LOCK TABLE {schema}.flyway_schema_history IN EXCLUSIVE MODE")
        reading.run("ROLLBACK")
        eventually(lambda: index() is True)
        eventually(lambda: ask("SELECT count(*) FROM pg_locks WHERE NOT granted") == [(1,)])
        ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'killed'")
        with pytest.raises(ConnectionLost):
            first.result()
    holding.run("ROLLBACK")
    Engine(folder(INDEX)).migrate(session, schema)
    assert (index(), scripts()) == (True, ["V1__items.sql", "V2__index.sql"])


def test_a_drop_that_was_killed_before_it_was_recorded_is_not_tried_again(
    session, schema, folder, ask, open_, index, scripts, reader
):
    drop = {"V3__no_index.sql": "DROP INDEX CONCURRENTLY item_name;"}
    Engine(folder(TABLE | INDEX)).migrate(session, schema)
    holding, reading = open_("holding"), reader()
    with meanwhile(Engine(folder(drop), PATIENT).migrate, open_("killed"), schema) as first:
        eventually(lambda: index() is False)
        holding.run(f"BEGIN; LOCK TABLE {schema}.flyway_schema_history IN EXCLUSIVE MODE")
        reading.run("ROLLBACK")
        eventually(lambda: index() is None)
        eventually(lambda: ask("SELECT count(*) FROM pg_locks WHERE NOT granted") == [(1,)])
        ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'killed'")
        with pytest.raises(ConnectionLost):
            first.result()
    holding.run("ROLLBACK")
    assert Engine(folder(drop)).migrate(session, schema).applied == ("V3__no_index.sql",)
    assert (index(), scripts()) == (None, ["V1__items.sql", "V2__index.sql", "V3__no_index.sql"])


PARTS = {
    "V1__parts.sql": """CREATE TABLE item (id int) PARTITION BY LIST (id);
CREATE TABLE one PARTITION OF item FOR VALUES IN (1);
INSERT INTO item VALUES (1)"""
}
DETACH = {"V2__detach.sql": "ALTER TABLE item DETACH PARTITION one CONCURRENTLY"}


@pytest.fixture
def pending(ask, schema):
    """Whether the partition waits for its detachment to be finished; None when it is a table of its own."""

    def is_pending():
        found = ask("SELECT inhdetachpending FROM pg_inherits WHERE inhrelid = to_regclass(%s)", f"{schema}.one")
        return found[0][0] if found else None

    return is_pending


@pytest.mark.parametrize(
    "sql",
    [*DETACH.values(), "ALTER TABLE ${migrator:schema}.item DETACH PARTITION ${migrator:schema}.one CONCURRENTLY"],
)
def test_a_detachment_that_was_killed_half_way_is_finished_by_the_next_run(
    session, schema, folder, ask, open_, pending, scripts, reader, sql
):
    Engine(folder(PARTS)).migrate(session, schema)
    files = folder(PARTS | {"V2__detach.sql": sql})
    reading = reader()
    with meanwhile(Engine(files, PATIENT).migrate, open_("killed"), schema) as first:
        eventually(pending)
        ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'killed'")
        with pytest.raises(ConnectionLost):
            first.result()
    reading.run("ROLLBACK")
    assert Engine(files).migrate(session, schema).applied == ("V2__detach.sql",)
    assert (pending(), scripts()) == (None, ["V1__parts.sql", "V2__detach.sql"])


def test_a_detachment_that_was_killed_before_it_was_recorded_is_not_tried_again(
    session, schema, folder, ask, open_, pending, scripts, reader
):
    Engine(folder(PARTS)).migrate(session, schema)
    files = folder(PARTS | DETACH)
    holding, reading = open_("holding"), reader()
    with meanwhile(Engine(files, PATIENT).migrate, open_("killed"), schema) as first:
        eventually(pending)
        holding.run(f"BEGIN; LOCK TABLE {schema}.flyway_schema_history IN EXCLUSIVE MODE")
        reading.run("ROLLBACK")
        eventually(lambda: pending() is None)
        eventually(lambda: ask("SELECT count(*) FROM pg_locks WHERE NOT granted") == [(1,)])
        ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'killed'")
        with pytest.raises(ConnectionLost):
            first.result()
    holding.run("ROLLBACK")
    assert Engine(files).migrate(session, schema).applied == ("V2__detach.sql",)
    assert (ask(f"SELECT id FROM {schema}.one"), scripts()) == ([(1,)], ["V1__parts.sql", "V2__detach.sql"])


def test_a_detachment_that_was_refused_is_refused_again_when_there_is_no_such_partition(session, schema, folder):
    files = folder(PARTS | {"V2__detach.sql": "ALTER TABLE item DETACH PARTITION two CONCURRENTLY"})
    for _ in range(2):
        with pytest.raises(MigrationFailed, match='relation "two" does not exist'):
            Engine(files).migrate(session, schema)


@pytest.mark.parametrize("sql", ["REINDEX INDEX CONCURRENTLY item_name", "REINDEX TABLE CONCURRENTLY item"])
def test_a_rebuild_that_was_killed_half_way_leaves_no_copy_once_the_next_run_has_finished_it(
    session, schema, folder, ask, open_, reader, scripts, sql
):
    Engine(folder(TABLE | INDEX)).migrate(session, schema)
    files = folder(TABLE | INDEX | {"V3__rebuild.sql": sql})
    reading = reader()
    found = "SELECT relname, indisvalid FROM pg_index JOIN pg_class ON oid = indexrelid WHERE indrelid IN (%s, %s)"
    [tables] = ask("SELECT oid, reltoastrelid FROM pg_class WHERE oid = %s::regclass", f"{schema}.item")

    def indexes():
        return [(name, valid) for name, valid in ask(found, *tables) if not name.startswith("pg_toast_") or not valid]

    with meanwhile(Engine(files, PATIENT).migrate, open_("killed"), schema) as first:
        eventually(lambda: ("item_name_ccnew", False) in indexes())
        ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'killed'")
        with pytest.raises(ConnectionLost):
            first.result()
    reading.run("ROLLBACK")
    assert Engine(files).migrate(session, schema).applied == ("V3__rebuild.sql",)
    assert (indexes(), scripts()[-1]) == ([("item_name", True)], "V3__rebuild.sql")


def test_a_view_that_is_refreshed_beside_its_readers_is_noted_in_the_same_transaction(session, schema, folder, ask):
    view = "CREATE MATERIALIZED VIEW names AS SELECT id, name FROM item; CREATE UNIQUE INDEX ON names (id)"
    refresh = (
        "VACUUM item; REFRESH MATERIALIZED VIEW CONCURRENTLY names; INSERT INTO item VALUES (2, 'two'); VACUUM nobody"
    )
    files = folder(TABLE | {"V2__view.sql": view, "V3__refresh.sql": refresh})
    for _ in range(2):
        with pytest.raises(MigrationFailed, match='relation "nobody" does not exist'):
            Engine(files).migrate(session, schema)
    assert ask(f"SELECT count(*) FROM {schema}.item") == [(1,)]


def test_a_build_waits_for_the_transactions_of_others_longer_than_lock_timeout(
    schema, folder, open_, index, reader, ask
):
    Engine(folder(TABLE)).migrate(open_(), schema)
    holding = reader()
    waiting = """SELECT count(*) FROM pg_stat_activity
                 WHERE wait_event_type = 'Lock' AND clock_timestamp() - query_start > interval '0.3 s'"""
    with meanwhile(Engine(folder(INDEX), Rules(lock_timeout=0.1, tries=1)).migrate, open_(), schema) as build:
        eventually(lambda: build.done() or ask(waiting) == [(1,)])
        holding.run("ROLLBACK")
        assert build.result().applied == ("V2__index.sql",)
    assert index() is True


def test_a_schema_whose_index_is_being_built_is_locked(schema, folder, open_, index, reader):
    Engine(folder(TABLE)).migrate(open_(), schema)
    holding, read = reader(), folder(INDEX)
    with meanwhile(Engine(read, PATIENT).migrate, open_("builder"), schema) as build:
        eventually(lambda: index() is False)
        with pytest.raises(SchemaLocked, match="is being migrated by builder since"):
            Engine(read, Rules(schema_lock_wait=0.05)).migrate(open_(), schema)
        holding.run("ROLLBACK")
        assert build.result().applied == ("V2__index.sql",)


def test_two_runs_at_once_build_it_once(schema, folder, open_, scripts):
    engine = Engine(folder(ALL))
    with meanwhile(engine.migrate, open_(), schema) as one, meanwhile(engine.migrate, open_(), schema) as other:
        one.result()
        other.result()
    assert scripts() == list(ALL)


ENUM = {"V1__mood.sql": "CREATE TYPE mood AS ENUM ('good'); CREATE TABLE day (mood mood)"}
VALUE = {"V2__bad.sql": "ALTER TYPE mood ADD VALUE 'bad'", "V3__use.sql": "INSERT INTO day VALUES ('bad')"}


def test_a_new_enum_value_that_a_later_file_uses_is_committed_in_between(session, schema, folder, ask):
    Engine(folder(ENUM)).migrate(session, schema)
    assert Engine(folder(ENUM | VALUE), execution="e").migrate(session, schema).applied == tuple(VALUE)
    assert ask(f"SELECT mood::text FROM {schema}.day") == [("bad",)]


def test_a_file_that_uses_its_own_new_enum_value_commits_in_between(session, schema, folder, ask):
    Engine(folder(ENUM)).migrate(session, schema)
    both = ENUM | {"V2__both.sql": "; ".join(VALUE.values()), "V3__more.sql": "CREATE TABLE more ()"}
    assert Engine(folder(both)).migrate(session, schema).applied == ("V2__both.sql", "V3__more.sql")
    assert ask(f"SELECT mood::text FROM {schema}.day") == [("bad",)]


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE INDEX CONCURRENTLY ON t (a)",
        "DROP INDEX CONCURRENTLY i",
        "REINDEX TABLE CONCURRENTLY t",
        "REINDEX SCHEMA public",
        "VACUUM t",
        "CREATE DATABASE test_d",
        "ALTER SYSTEM RESET work_mem",
        "ALTER TABLE p DETACH PARTITION q CONCURRENTLY",
        "CLUSTER",
        "CREATE INDEX ON t (a)",
        "REINDEX TABLE t",
        "ANALYZE t",
        "CLUSTER t USING i",
        "ALTER TABLE p DETACH PARTITION q",
        "ALTER TYPE e ADD VALUE 'y'",
    ],
)
def test_we_and_the_server_agree_on_what_runs_outside_a_transaction(session, ask, tmp_path, sql):
    ask("""DROP TABLE IF EXISTS t, p; DROP TYPE IF EXISTS e; CREATE TABLE t (a int); CREATE INDEX i ON t (a);
        CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE q PARTITION OF p FOR VALUES IN (1);
        CREATE TYPE e AS ENUM ('x')""")
    (statement,) = split_statements(sql, tmp_path)
    assert statement.transactional is not refused_in_a_transaction(session, sql)


def refused_in_a_transaction(session, sql):
    session.run("BEGIN")
    try:
        session.run(sql)
    except psycopg2.errors.ActiveSqlTransaction:
        return True
    finally:
        session.roll_back()
    return False
