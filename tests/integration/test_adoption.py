"""Schemas that another tool manages become ours: its table is read, our history is written, nothing else changes."""

from __future__ import annotations

from hashlib import sha384

import pytest

from migrator.errors import AlreadyManaged, NotAdopted, UnknownSchema
from migrator.folder import read_folder
from migrator.model.history import is_current
from migrator.schema import history
from migrator.schema.adoption import Adoption, adopt
from migrator.schema.engine import Engine
from migrator.schema.history import HistoryTable

A, B, C = (f"CREATE TABLE {name} (id int);\n" for name in "abc")


def up(sql):
    return f"-- migrate:up\n{sql}-- migrate:down\nDROP TABLE x;\n"


def goose(sql):
    return f"-- +goose Up\n{sql}-- +goose Down\nDROP TABLE x;\n"


def sql_migrate(sql):
    return f"-- +migrate Up\n{sql}-- +migrate Down\nDROP TABLE x;\n"


def node(sql):
    return f"-- Up Migration\n{sql}-- Down Migration\nDROP TABLE x;\n"


def sqlx_row(version, sql):
    return f"({version}, 'x', now(), true, '\\x{sha384(sql.encode()).hexdigest()}', 1)"


FLEETS = {
    "golang-migrate": (
        {"000001_a.up.sql": A, "000001_a.down.sql": "", "000002_b.up.sql": B, "000003_c.up.sql": C},
        "schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL)",
        "(2, false)",
    ),
    "dbmate": (
        {"20240101000000_a.sql": up(A), "20240102000000_b.sql": up(B), "20240103000000_c.sql": up(C)},
        "schema_migrations (version varchar(128) PRIMARY KEY)",
        "('20240101000000'), ('20240102000000')",
    ),
    "diesel": (
        {"00000000000000_a/up.sql": A, "2024-01-02-000000_b/up.sql": B, "2024-01-03-000000-0000_c/up.sql": C},
        "__diesel_schema_migrations (version varchar(50) PRIMARY KEY, run_on timestamp NOT NULL DEFAULT now())",
        "('00000000000000'), ('20240102000000')",
    ),
    "sqlx": (
        {"20240101_a.sql": A, "20240102_b.sql": B, "20240103_c.sql": C},
        "_sqlx_migrations (version bigint PRIMARY KEY, description text NOT NULL, installed_on timestamptz NOT NULL, "
        "success boolean NOT NULL, checksum bytea NOT NULL, execution_time bigint NOT NULL)",
        f"{sqlx_row(20240101, A)}, {sqlx_row(20240102, B)}",
    ),
    "goose": (
        {"00001_a.sql": goose(A), "00002_b.sql": goose(B), "00003_c.sql": goose(C)},
        "goose_db_version (id serial PRIMARY KEY, version_id bigint NOT NULL, is_applied boolean NOT NULL, "
        "tstamp timestamp DEFAULT now())",
        "(1, 0, true), (2, 1, true), (3, 2, true), (4, 3, true), (5, 3, false)",
    ),
    "sql-migrate": (
        {"1-a.sql": sql_migrate(A), "2-b.sql": sql_migrate(B), "3-c.sql": sql_migrate(C)},
        "gorp_migrations (id text PRIMARY KEY, applied_at timestamptz)",
        "('1-a.sql', now()), ('2-b.sql', now())",
    ),
    "node-pg-migrate": (
        {"1700000000001_a.sql": node(A), "1700000000002_b.sql": node(B), "1700000000003_c.sql": node(C)},
        "pgmigrations (id serial PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL)",
        "(1, '1700000000001_a', now()), (2, '1700000000002_b', now())",
    ),
    "django": (
        {"0001_shop_0001_a.up.sql": A, "0002_shop_0002_b.up.sql": B, "0003_blog_0001_c.up.sql": C},
        "django_migrations (id bigint PRIMARY KEY, app varchar(255) NOT NULL, name varchar(255) NOT NULL, "
        "applied timestamptz NOT NULL)",
        "(1, 'auth', '0001_initial', now()), (2, 'shop', '0001_a', now()), (3, 'shop', '0002_b', now())",
    ),
}
"""Tool to files, its table, and the rows that say that the first two files are applied."""

GO = FLEETS["golang-migrate"]


@pytest.fixture
def managed(ask, schema, tmp_path):
    """A schema with the first two files applied by a tool, and the folder; ``rows`` says otherwise."""

    def make(tool, rows=None):
        files, table, first_two = FLEETS[tool]
        for name, content in files.items():
            (tmp_path / "migrations" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "migrations" / name).write_text(content)
        ask(f"CREATE SCHEMA IF NOT EXISTS {schema}; SET search_path TO {schema}; CREATE TABLE {table}; {A}{B}")
        if rows != "":
            ask(f"INSERT INTO {table.split()[0]} VALUES {rows or first_two}")
        ask("RESET search_path")
        return read_folder(tmp_path / "migrations")

    return make


@pytest.fixture
def contents(ask, schema):
    """Every table of the schema but our history, with its columns and rows."""

    def look():
        names = "SELECT tablename FROM pg_tables WHERE schemaname = %s AND tablename !~ '^flyway' ORDER BY 1"
        return {name: ask(f"SELECT x::text FROM {schema}.{name} AS x") for (name,) in ask(names, schema)}

    return look


@pytest.mark.parametrize("tool", FLEETS)
def test_what_a_tool_has_applied_is_taken_over_and_only_the_rest_is_applied(
    managed, visit, session, schema, kinds, contents, has, tool
):
    read = managed(tool)
    before = contents()
    first, second, third = read.versioned
    done = adopt(visit, read)
    assert done == Adoption(tool, str(second.version), (first.script, second.script))
    assert contents() == before
    assert kinds(read) == ["pending"]
    assert Engine(read).migrate(session, schema).applied == (third.script,)
    assert has("c")
    assert kinds(read) == []


def test_the_rows_are_those_of_our_own_files(managed, visit, ask, schema):
    read = managed("diesel")
    adopt(visit, read)
    columns = "installed_rank, version, description, type, script, checksum, installed_by, execution_time, success"
    one, two, _ = read.versioned
    assert ask(f"SELECT {columns} FROM {schema}.flyway_schema_history ORDER BY 1") == [
        (1, "00000000000000", "a", "SQL", "00000000000000_a", one.checksum, "postgres", 0, True),
        (2, "20240102000000", "b", "SQL", "2024-01-02-000000_b", two.checksum, "postgres", 0, True),
    ]


def test_a_schema_with_everything_applied_is_current_after_its_adoption(managed, visit, session, schema):
    read = managed("golang-migrate", "(3, false)")
    adopt(visit, read)
    assert is_current(history.read(session, HistoryTable(schema)).mark, read, None)


def test_a_table_without_rows_says_that_nothing_is_applied(managed, visit, ask, schema):
    assert adopt(visit, managed("golang-migrate", "")) == Adoption("golang-migrate", None, ())
    assert ask(f"SELECT count(*) FROM {schema}.flyway_schema_history") == [(0,)]


@pytest.mark.parametrize(
    ("tool", "rows", "reason"),
    [
        ("golang-migrate", "(2, true)", "golang-migrate left version 2 dirty"),
        ("golang-migrate", "(7, false)", "says that 7 is applied"),
        ("dbmate", "('20240101000000'), ('20240103000000')", r"lacks 20240102000000_b\.sql"),
        ("sqlx", sqlx_row(20240101, B), r"sqlx has applied 20240101_a\.sql with another text"),
    ],
)
def test_what_does_not_fit_is_refused_and_leaves_no_history(managed, visit, ask, schema, tool, rows, reason):
    read = managed(tool, rows)
    with pytest.raises(NotAdopted, match=f"schema {schema} was not adopted, nothing was changed: .*{reason}"):
        adopt(visit, read)
    assert ask("SELECT to_regclass(%s)", f"{schema}.flyway_schema_history") == [(None,)]


def test_a_schema_that_was_adopted_before_is_managed_already(managed, visit):
    read = managed("golang-migrate")
    adopt(visit, read)
    with pytest.raises(AlreadyManaged, match=r"has a history already: 000002_b\.up\.sql was applied"):
        adopt(visit, read)


def test_a_schema_that_no_tool_has_touched_is_refused(visit, folder, ask, schema):
    ask(f"CREATE SCHEMA {schema}")
    with pytest.raises(NotAdopted, match="it has no table of another tool; looked for __diesel_schema_migrations, "):
        adopt(visit, folder({"V1__a.sql": A}))


def test_a_schema_that_does_not_exist_is_not_made(visit, folder, ask, schema):
    with pytest.raises(UnknownSchema):
        adopt(visit, folder({"V1__a.sql": A}))
    assert ask("SELECT to_regnamespace(%s)", schema) == [(None,)]


def test_of_two_tools_one_has_to_be_named(managed, visit, ask, schema):
    read = managed("golang-migrate")
    ask(f"CREATE TABLE {schema}.pgmigrations (id serial, name text, run_on timestamp)")
    with pytest.raises(NotAdopted, match=r"tables of golang-migrate .* and node-pg-migrate .*; say with --from which"):
        adopt(visit, read)
    assert adopt(visit, read, "golang-migrate").applied == ("000001_a.up.sql", "000002_b.up.sql")


def test_the_tool_that_was_named_has_to_be_there(managed, visit):
    with pytest.raises(NotAdopted, match="it has no table of dbmate"):
        adopt(visit, managed("golang-migrate"), "dbmate")


def test_the_table_of_another_schema_is_not_looked_at(managed, visit, ask, schema, folder):
    managed("golang-migrate")
    ask(f"ALTER SCHEMA {schema} RENAME TO {schema}_other; CREATE SCHEMA {schema}")
    with pytest.raises(NotAdopted, match="it has no table of another tool"):
        adopt(visit, folder({}))
