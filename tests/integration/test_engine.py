"""The engine brings one schema to the state of a folder, and says what it did."""

from __future__ import annotations

import pytest

from migrator.errors import BadSchemaName, ChecksumChanged
from migrator.model.history import History, Mark, is_current
from migrator.model.version import Version
from migrator.schema import history
from migrator.schema.engine import Change, Engine
from migrator.schema.history import HistoryTable
from migrator.schema.marks import read_marks
from migrator.schema.rules import Rules

TWO = {
    "V1__customers.sql": "CREATE TABLE customer (id int PRIMARY KEY);\n",
    "V2__orders.sql": "CREATE TABLE orders (id int, customer int REFERENCES customer);\nCREATE INDEX ON orders (id);",
}
VIEW = {"R__summary.sql": "CREATE OR REPLACE VIEW summary AS SELECT count(*) AS n FROM orders"}
FLYWAYS_COLUMNS = [
    ("installed_rank", "integer", None, "NO"),
    ("version", "character varying", 50, "YES"),
    ("description", "character varying", 200, "NO"),
    ("type", "character varying", 20, "NO"),
    ("script", "character varying", 1000, "NO"),
    ("checksum", "integer", None, "YES"),
    ("installed_by", "character varying", 100, "NO"),
    ("installed_on", "timestamp without time zone", None, "NO"),
    ("execution_time", "integer", None, "NO"),
    ("success", "boolean", None, "NO"),
]


@pytest.fixture
def rows(ask, schema):
    """The schema's history as it stands."""
    columns = "installed_rank, version, description, type, script, checksum, installed_by, success"
    return lambda: ask(f"SELECT {columns} FROM {schema}.flyway_schema_history ORDER BY installed_rank")


def test_a_fresh_schema_gets_everything(session, schema, folder, rows):
    read = folder(TWO | VIEW)
    change = Engine(read).migrate(session, schema)
    assert change == Change(schema, None, "2", ("V1__customers.sql", "V2__orders.sql", "R__summary.sql"))
    one, two = read.versioned
    assert rows() == [
        (1, "1", "customers", "SQL", "V1__customers.sql", one.checksum, "postgres", True),
        (2, "2", "orders", "SQL", "V2__orders.sql", two.checksum, "postgres", True),
        (3, None, "summary", "SQL", "R__summary.sql", read.repeatable[0].checksum, "postgres", True),
    ]


def test_all_that_can_is_committed_in_one_transaction_with_history(session, schema, folder, ask):
    Engine(folder(TWO)).migrate(session, schema)
    transactions = f"""
        SELECT xmin::text FROM pg_class WHERE relnamespace = '{schema}'::regnamespace
        UNION SELECT xmin::text FROM pg_namespace WHERE nspname = '{schema}'
        UNION SELECT xmin::text FROM {schema}.flyway_schema_history"""
    assert len(ask(transactions)) == 1


def test_history_has_flyways_columns_key_and_index(session, schema, folder, ask):
    Engine(folder(TWO)).migrate(session, schema)
    columns = """SELECT column_name, data_type, character_maximum_length, is_nullable FROM information_schema.columns
        WHERE table_schema = %s AND table_name = 'flyway_schema_history' ORDER BY ordinal_position"""
    assert ask(columns, schema) == FLYWAYS_COLUMNS
    indexes = (
        "SELECT indexname FROM pg_indexes WHERE schemaname = %s AND tablename = 'flyway_schema_history' ORDER BY 1"
    )
    assert ask(indexes, schema) == [("flyway_schema_history_pk",), ("flyway_schema_history_s_idx",)]


def test_history_says_how_long_each_file_took(session, schema, folder, ask):
    Engine(folder({"V1__slow.sql": "SELECT pg_sleep(0.2)", "V2__quick.sql": "SELECT 1"})).migrate(session, schema)
    (slow,), (quick,) = ask(f"SELECT execution_time FROM {schema}.flyway_schema_history ORDER BY installed_rank")
    assert slow >= 200
    assert 0 <= quick < slow


def test_a_second_run_changes_nothing(session, schema, folder, ask):
    engine = Engine(folder(TWO | VIEW))
    engine.migrate(session, schema)
    written = f"""SELECT c.xmin::text, d.xmin::text, d.description FROM pg_class c
        JOIN pg_description d ON d.objoid = c.oid WHERE c.oid = '{schema}.flyway_schema_history'::regclass"""
    before = ask(written), ask(f"SELECT * FROM {schema}.flyway_schema_history")
    assert engine.migrate(session, schema) == Change(schema, "2", "2", ())
    assert (ask(written), ask(f"SELECT * FROM {schema}.flyway_schema_history")) == before


def test_only_what_is_new_is_applied(session, schema, folder, rows):
    Engine(folder(TWO)).migrate(session, schema)
    change = Engine(folder({"V3__more.sql": "CREATE TABLE more ()"})).migrate(session, schema)
    assert (change.from_version, change.to_version, change.applied) == ("2", "3", ("V3__more.sql",))
    assert [row[0] for row in rows()] == [1, 2, 3]


def test_a_repeatable_is_applied_again_when_it_changed(session, schema, folder, rows, ask):
    Engine(folder(TWO | VIEW)).migrate(session, schema)
    changed = folder({"R__summary.sql": "CREATE OR REPLACE VIEW summary AS SELECT 42::bigint AS n"})
    assert Engine(changed).migrate(session, schema).applied == ("R__summary.sql",)
    assert ask(f"SELECT n FROM {schema}.summary") == [(42,)]
    assert [row[4] for row in rows()][2:] == ["R__summary.sql", "R__summary.sql"]
    assert Engine(changed).migrate(session, schema).applied == ()


def test_a_run_stops_at_the_version_asked_for(session, schema, folder):
    read = folder(TWO | {"V3__more.sql": "CREATE TABLE more ()"})
    assert Engine(read, to=Version("2")).migrate(session, schema).to_version == "2"
    assert Engine(read, to=Version("1")).migrate(session, schema).applied == ()
    assert Engine(read).migrate(session, schema).applied == ("V3__more.sql",)


def test_a_changed_file_is_refused_and_nothing_else_is_applied(session, schema, folder, rows):
    Engine(folder(TWO)).migrate(session, schema)
    before = rows()
    changed = folder({"V1__customers.sql": "SELECT 1", "V3__more.sql": "CREATE TABLE more ()"})
    with pytest.raises(
        ChecksumChanged, match=rf"V1__customers\.sql was changed after it was applied to schema {schema}"
    ):
        Engine(changed).migrate(session, schema)
    assert rows() == before


def test_names_lead_to_the_tenants_own_schema_and_then_to_the_shared_one(session, schema, folder, ask):
    ask(f"CREATE FUNCTION public.shared_{schema}() RETURNS int LANGUAGE sql AS 'SELECT 7'")
    sql = f"CREATE TABLE found AS SELECT shared_{schema}() AS n, current_setting('search_path') AS path"
    Engine(folder({"V1__a.sql": sql})).migrate(session, schema)
    assert ask(f"SELECT n, path FROM {schema}.found") == [(7, f"{schema}, public")]


def test_without_shared_schemas_only_the_own_one_is_searched(session, schema, folder, ask):
    rules = Rules(shared_schemas=())
    sql = "CREATE TABLE found AS SELECT current_setting('search_path') AS path"
    Engine(folder({"V1__a.sql": sql}), rules).migrate(session, schema)
    assert ask(f"SELECT path FROM {schema}.found") == [(schema,)]


@pytest.mark.parametrize("name", ["Tenant7", "user", "t" * 63])
def test_a_schema_may_have_any_accepted_name(session, folder, ask, name):
    Engine(folder(TWO)).migrate(session, name)
    assert Engine(folder(TWO)).migrate(session, name) == Change(name, "2", "2", ())
    assert ask(f'SELECT count(*) FROM "{name}".flyway_schema_history') == [(2,)]


def test_an_unsafe_schema_name_never_reaches_the_server(session, folder):
    with pytest.raises(BadSchemaName):
        Engine(folder(TWO)).migrate(session, 'a"; DROP SCHEMA public; --')


@pytest.mark.parametrize("script", ["V1__{curly}_100%.sql", "V1__it's_(%s)_{0}.sql", 'V1__say_"größe".sql'])
def test_a_file_name_stands_in_history_as_it_is(session, schema, folder, rows, script):
    Engine(folder({script: "SELECT 1"})).migrate(session, schema)
    assert rows()[0][2:5] == (script[4:-4].replace("_", " "), "SQL", script)


@pytest.mark.parametrize("script", ["R__{curly}.sql", f"R__{'long_' * 45}.sql"], ids=["curly", "long"])
def test_a_repeatable_with_a_strange_name_is_applied_once(session, schema, folder, script):
    engine = Engine(folder({script: "SELECT 1"}))
    assert engine.migrate(session, schema).applied == (script,)
    assert engine.migrate(session, schema).applied == ()


def test_text_that_looks_like_a_placeholder_is_sent_as_it_is(session, schema, folder, ask):
    Engine(folder({"V1__a.sql": "CREATE TABLE a AS SELECT '100% %s {x} {} $1'::text AS said -- end"})).migrate(
        session, schema
    )
    assert ask(f"SELECT said FROM {schema}.a") == [("100% %s {x} {} $1",)]


def test_an_empty_folder_makes_an_empty_schema(session, schema, folder, rows):
    assert Engine(folder({})).migrate(session, schema) == Change(schema, None, None, ())
    assert rows() == []
    assert is_current(read_marks(session)[schema], folder({}), None)


def test_the_mark_says_which_state_of_the_folder_a_schema_is_current_for(session, schema, folder):
    read = folder(TWO)
    Engine(read, execution="e1").migrate(session, schema)
    assert read_marks(session)[schema] == Mark("2", read.digest, "e1", 0)
    assert is_current(read_marks(session)[schema], read, None)
    assert not is_current(read_marks(session)[schema], folder({"V3__more.sql": "SELECT 1"}), None)


def test_marks_are_read_for_every_schema_that_has_one(session, schema, folder, ask):
    for name in (schema, f"{schema}_b"):
        Engine(folder(TWO)).migrate(session, name)
    ask(f"CREATE SCHEMA {schema}_c; CREATE TABLE {schema}_c.flyway_schema_history ()")
    found = {name for name in read_marks(session) if name.startswith(schema)}
    assert found == {schema, f"{schema}_b"}


def test_reading_a_history_makes_nothing(session, schema, ask):
    assert history.read(session, HistoryTable(schema)) == History()
    assert ask("SELECT to_regnamespace(%s)", schema) == [(None,)]


def test_a_history_is_read_with_its_mark(session, schema, folder):
    read = folder(TWO)
    Engine(read).migrate(session, schema)
    found = history.read(session, HistoryTable(schema))
    assert [row.script for row in found.rows] == ["V1__customers.sql", "V2__orders.sql"]
    assert found.mark == Mark("2", read.digest, None, 0)
