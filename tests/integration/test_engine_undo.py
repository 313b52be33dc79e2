"""Taking back what was applied: by written scripts and code, in one transaction, or not at all."""

from __future__ import annotations

import psycopg2
import pytest

from migrator.errors import BegunBefore, CannotUndo, MigrationFailed, UnknownSchema
from migrator.folder.way_back import WaysBack
from migrator.model.version import Version
from migrator.model.way_back import Strategy
from migrator.schema.back import Since
from migrator.schema.engine import Engine

SHOP = {
    "V1__customer.sql": "CREATE TABLE customer (id int PRIMARY KEY)",
    "U1__customer.sql": "DROP TABLE customer",
    "V2__name.sql": "ALTER TABLE customer ADD COLUMN name text DEFAULT 'x'",
    "U2__name.sql": "ALTER TABLE customer DROP COLUMN name",
    "V3__index.sql": "CREATE INDEX customer_name ON customer (name)",
    "U3__index.sql": "DROP INDEX customer_name",
}
BEGINNING = Since(None)


@pytest.fixture
def up(folder, session, schema):
    return lambda files, **options: Engine(folder(files), **options).migrate(session, schema)


@pytest.fixture
def down(folder, session, schema):
    def undo(files, since=BEGINNING, strategy=Strategy.UNDO, **options):
        read = folder(files)
        return Engine(read, **options).undo(session, schema, since, WaysBack(read, strategy))

    return undo


@pytest.fixture
def history(ask, schema):
    def rows():
        query = f"SELECT version, type, script, success FROM {schema}.flyway_schema_history ORDER BY installed_rank"
        return ask(query)

    return rows


def tables(ask, schema):
    query = "SELECT relname FROM pg_class WHERE relnamespace = %s::regnamespace AND relkind = 'r'"
    return {name for (name,) in ask(query, schema)} - {"flyway_schema_history"}


def test_versions_above_the_wanted_one_are_taken_back_newest_first(up, down, history, ask, schema):
    up(SHOP)
    change = down(SHOP, Since(Version("1")))
    assert (change.from_version, change.to_version) == ("3", "1")
    assert change.applied == ("U3__index.sql", "U2__name.sql")
    assert history()[-2:] == [("3", "UNDO_SQL", "U3__index.sql", True), ("2", "UNDO_SQL", "U2__name.sql", True)]
    columns = "SELECT count(*) FROM pg_attribute WHERE attrelid = %s::regclass AND attname = 'name'"
    assert ask(columns, f"{schema}.customer") == [(0,)]


def test_what_was_taken_back_is_applied_again(up, down, ask, schema):
    up(SHOP)
    down(SHOP)
    assert tables(ask, schema) == set()
    assert up(SHOP).applied == ("V1__customer.sql", "V2__name.sql", "V3__index.sql")
    assert tables(ask, schema) == {"customer"}


def test_taking_back_twice_does_nothing_the_second_time(up, down, history):
    up(SHOP)
    down(SHOP)
    before = history()
    assert down(SHOP).applied == ()
    assert history() == before


def test_a_way_back_that_fails_leaves_the_schema_as_it_was(up, down, history, ask, schema):
    broken = SHOP | {"U1__customer.sql": "DROP TABLE customer;\nDROP TABLE nothing"}
    up(broken)
    before = history()
    with pytest.raises(MigrationFailed, match=r"U1__customer\.sql:2 .* the schema is as it was before"):
        down(broken)
    assert (history(), tables(ask, schema)) == (before, {"customer"})


def test_what_has_no_way_back_is_named_before_anything_is_touched(up, down, history, ask, schema):
    files = SHOP | {"V4__a.sql": "DROP TABLE customer", "V5__b.sql": "CREATE TABLE b ()", "U5__b.sql": "-- nothing\n"}
    up(files)
    before = history()
    with pytest.raises(CannotUndo) as caught:
        down(files, Since(Version("2")))
    assert "U5__b.sql, which would undo nothing" in str(caught.value)
    assert [(o.path.name, o.reason) for o in caught.value.facts["obstacles"]][1] == ("V4__a.sql", "has no undo script")
    assert (history(), tables(ask, schema)) == (before, {"b"})


def test_a_file_that_was_changed_since_cannot_be_taken_back(up, down):
    up(SHOP)
    with pytest.raises(CannotUndo, match=r"V3__index\.sql:1 was changed after it was applied"):
        down(SHOP | {"V3__index.sql": "CREATE INDEX other ON customer (name)"})


def test_what_is_not_in_the_folder_any_more_cannot_be_taken_back(up, down, tmp_path):
    up(SHOP)
    for name in ("V3__index.sql", "U3__index.sql"):
        (tmp_path / "migrations" / name).unlink()
    with pytest.raises(CannotUndo, match=r"V3__index\.sql:1 was applied and is not in the folder"):
        down({})


def test_a_repeatable_migration_that_came_later_is_in_the_way_when_it_has_no_way_back(up, down, history):
    up(SHOP | {"R__view.sql": "CREATE OR REPLACE VIEW names AS SELECT name FROM customer"})
    before = history()
    with pytest.raises(CannotUndo, match=r"R__view\.sql:1 has no undo script"):
        down({})
    assert history() == before


def test_a_repeatable_migration_that_was_there_before_stays(up, down, ask, schema):
    view = {"R__view.sql": "CREATE OR REPLACE VIEW ids AS SELECT id FROM customer"}
    up(SHOP | view, to=Version("1"))
    up({})
    down({}, Since(Version("1")))
    assert ask("SELECT to_regclass(%s) IS NOT NULL", f"{schema}.ids") == [(True,)]
    assert up({}).applied == ("V2__name.sql", "V3__index.sql")


def test_everything_since_a_rank_is_taken_back_whatever_its_version(up, down):
    up(SHOP, to=Version("1"))
    up({})
    assert down({}, Since(rank=1)).applied == ("U3__index.sql", "U2__name.sql")
    assert down({}, Since(rank=1)).applied == ()


def test_a_step_of_code_is_taken_back_by_its_code(up, down, history, ask, schema):
    step = (
        "def apply(connection):\n    connection.cursor().execute('CREATE TABLE made ()')\n"
        "def undo(connection):\n    connection.cursor().execute('DROP TABLE made')\n"
    )
    up({"V1__a.sql": "CREATE TABLE a ()", "V2__b.py": step})
    assert down({}, Since(Version("1"))).applied == ("V2__b.py",)
    assert history()[-1] == ("2", "UNDO_SCRIPT", "V2__b.py", True)
    assert tables(ask, schema) == {"a"}


def test_a_way_back_that_cannot_run_in_a_transaction_goes_on_where_it_stopped(up, down, history, ask, schema):
    files = SHOP | {"U3__index.sql": "DROP INDEX CONCURRENTLY customer_name;\nDROP INDEX CONCURRENTLY other"}
    up(files)
    with pytest.raises(MigrationFailed, match=r"U3__index\.sql:2"):
        down(files, Since(Version("2")))
    with pytest.raises(BegunBefore, match="'down' first"):
        up(files)
    ask(f"CREATE INDEX other ON {schema}.customer (name)")
    assert down(files, Since(Version("2"))).applied == ("U3__index.sql",)
    assert ask("SELECT to_regclass(%s)", f"{schema}.other") == [(None,)]
    assert up(files).applied == ("V3__index.sql",)


def test_what_was_begun_forward_is_finished_before_anything_is_taken_back(up, down):
    twice = "CREATE INDEX CONCURRENTLY c ON customer (id);\n" * 2
    files = SHOP | {"V4__c.sql": twice}
    with pytest.raises(MigrationFailed):
        up(files)
    with pytest.raises(BegunBefore, match=r"V4__c\.sql was begun .* 'up' first"):
        down(files)


def test_a_schema_that_does_not_exist_is_not_made_by_taking_back(down, ask, schema):
    with pytest.raises(UnknownSchema):
        down(SHOP)
    assert ask("SELECT to_regnamespace(%s)", schema) == [(None,)]


def test_a_schema_without_a_history_gets_none_by_taking_back(down, ask, schema):
    ask(f"CREATE SCHEMA {schema}")
    assert down(SHOP).applied == ()
    assert tables(ask, schema) == set()
    assert ask("SELECT to_regclass(%s)", f"{schema}.flyway_schema_history") == [(None,)]


def test_a_baseline_that_was_declared_is_where_taking_back_ends(folder, session, schema, up, down, ask):
    from migrator.schema.baseline import baseline
    from migrator.schema.history import HistoryTable
    from migrator.schema.rules import Rules
    from migrator.schema.visit import Visit

    ask(f"CREATE SCHEMA {schema}; CREATE TABLE {schema}.customer (id int PRIMARY KEY, name text)")
    baseline(Visit(session, HistoryTable(schema), Rules()), folder(SHOP), Version("2"))
    up({})
    assert down({}, Since(Version("2"))).applied == ("U3__index.sql",)
    with pytest.raises(CannotUndo, match="stands for what was there before"):
        down({})


def test_two_that_take_back_the_same_schema_do_it_once(up, down, open_, folder, schema, history):
    up(SHOP)
    read, other = folder({}), open_()
    assert down({}).applied
    assert Engine(read).undo(other, schema, BEGINNING, WaysBack(read)).applied == ()
    assert len(history()) == 6


def test_a_lost_connection_in_the_middle_takes_the_whole_undo_back(up, folder, session, schema, ask, history):
    up(SHOP)
    before = history()
    read = folder(SHOP | {"U2__name.sql": "SELECT pg_terminate_backend(pg_backend_pid())"})
    with pytest.raises(Exception, match="connection") as caught:
        Engine(read).undo(session, schema, BEGINNING, WaysBack(read))
    assert not isinstance(caught.value, psycopg2.Error)
    assert (history(), tables(ask, schema)) == (before, {"customer"})
