"""A fresh schema is made from a template: like a replayed one in catalog, rows and history, or by replay."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.errors import MigrationFailed
from migrator.folder import read_folder
from migrator.model.template import NoTemplate, Template
from migrator.model.version import Version
from migrator.schema import history
from migrator.schema.engine import Engine
from migrator.schema.fingerprint import fingerprint_of
from migrator.schema.history import HistoryTable
from migrator.schema.provision import provision
from migrator.schema.rules import Rules
from migrator.schema.scratch import SCRATCH
from migrator.schema.template import make_template
from migrator.schema.validation import findings

SHOP = Path(__file__).parents[2] / "examples" / "shop" / "migrations" / "tenant"
SEEDED = {
    "V1__mood.sql": "CREATE TYPE mood AS ENUM ('good', 'it''s \"bad\"');\n"
    "CREATE TABLE item (id serial PRIMARY KEY, name text NOT NULL, mood mood DEFAULT 'good');\n"
    "INSERT INTO item (name) VALUES ('one;--'), (E'two\\nlines'), ('$$three$$');",
    "V2__f.sql": "CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM item $$;\n"
    "CREATE VIEW items AS SELECT id, name FROM item; ALTER TABLE item ADD COLUMN total int DEFAULT 0;",
    "V3__index.sql": "CREATE INDEX CONCURRENTLY item_name ON item (name);",
    "R__view.sql": "CREATE OR REPLACE VIEW names AS SELECT name FROM items;",
}


@pytest.fixture
def make(session, server):
    def template(read, to=None):
        return make_template(session, read, to, Rules(), (server.bin,))

    return template


@pytest.fixture
def twins(session, schema, make):
    """Two schemas of a folder: one by template, one by replay."""

    def provisioned(read, to=None):
        made = make(read, to)
        assert isinstance(made, Template), made
        engine = Engine(read, to=to)
        found = provision(session, schema, engine, made)
        assert found.replayed_because is None
        replayed = f"{schema}_replayed"
        Engine(read, to=to).migrate(session, replayed)
        return found.change, schema, replayed

    return provisioned


def rows(session, schema, table):
    return session.rows(f'SELECT * FROM "{schema}".{table} ORDER BY 1')


@pytest.mark.parametrize("to", [None, "19"])
def test_a_schema_of_the_shop_made_from_a_template_is_like_a_replayed_one(session, twins, to):
    read = read_folder(SHOP)
    change, made, replayed = twins(read, Version(to) if to else None)
    assert fingerprint_of(session, made) == fingerprint_of(session, replayed)
    assert change.to_version == (to or str(read.latest))
    histories = [history.read(session, HistoryTable(name)) for name in (made, replayed)]
    assert histories[0].rows == histories[1].rows
    assert findings(read, histories[0]) == findings(read, histories[1])
    assert [f for f in findings(read, histories[0]) if f.is_error] == []


def test_rows_that_migrations_insert_are_in_the_template_with_their_sequences(session, folder, twins):
    _, made, replayed = twins(folder(SEEDED))
    assert rows(session, made, "item") == rows(session, replayed, "item")
    session.run(f"SET search_path TO {made}; INSERT INTO item (name) VALUES ('four')")
    assert session.rows("SELECT max(id), f() FROM item") == [(4, 4)]


def test_history_says_that_a_schema_came_from_a_template(session, folder, twins, ask):
    _, made, replayed = twins(folder(SEEDED))
    query = "SELECT DISTINCT installed_by FROM {}.flyway_schema_history"
    assert ask(query.format(made)) == [("postgres by template",)]
    assert ask(query.format(replayed)) == [("postgres",)]


def test_a_schema_from_a_template_goes_on_with_the_next_migration(session, folder, twins):
    _, made, _ = twins(folder(SEEDED))
    later = folder(SEEDED | {"V4__more.sql": "ALTER TABLE item ADD COLUMN more text"})
    assert Engine(later).migrate(session, made).applied == ("V4__more.sql",)


def test_a_schema_name_that_needs_quotes_is_put_in_with_them(session, folder, make):
    read = folder(SEEDED)
    assert provision(session, "Tenant_Big", Engine(read), make(read)).replayed_because is None
    Engine(read).migrate(session, "Tenant_Other")
    assert fingerprint_of(session, "Tenant_Big") == fingerprint_of(session, "Tenant_Other")


def test_making_a_template_leaves_nothing_behind(session, folder, make, ask):
    make(folder(SEEDED))
    with pytest.raises(MigrationFailed):
        make(folder({"V4__x.sql": "SELECT 1/0"}))
    assert ask("SELECT nspname FROM pg_namespace WHERE starts_with(nspname, %s)", SCRATCH) == []


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        (
            "CREATE TABLE t (at timestamptz); INSERT INTO t VALUES (clock_timestamp())",
            "two replays gave different rows",
        ),
        ("CREATE TABLE t (n float); INSERT INTO t VALUES (random())", "two replays gave different rows"),
    ],
)
def test_a_folder_whose_rows_differ_from_schema_to_schema_has_no_template(folder, make, sql, reason):
    made = make(folder({"V1__t.sql": sql}))
    assert isinstance(made, NoTemplate)
    assert reason in made.reason


def test_a_folder_with_placeholders_has_no_template(folder, make):
    made = make(folder({"folder.toml": "placeholders = true", "V1__t.sql": "CREATE TABLE ${schema}.t ()"}))
    assert isinstance(made, NoTemplate)
    assert "placeholders" in made.reason


@pytest.mark.parametrize("before", ["CREATE TABLE {}.other ()", "CREATE TYPE {}.other AS ENUM ()", "history"])
def test_a_schema_that_is_not_fresh_is_migrated_by_replay(session, schema, folder, make, ask, before):
    read = folder(SEEDED)
    made = make(read)
    if before == "history":
        Engine(read, to=Version("2")).migrate(session, schema)
    else:
        ask(f"CREATE SCHEMA {schema}")
        ask(before.format(schema))
    found = provision(session, schema, Engine(read), made)
    assert found.replayed_because == "the schema is not fresh"
    assert found.change.to_version == "3"


def test_a_template_of_another_state_of_the_folder_is_not_used(session, schema, folder, make):
    made = make(folder(SEEDED))
    later = folder(SEEDED | {"V4__more.sql": "ALTER TABLE item ADD COLUMN more text"})
    found = provision(session, schema, Engine(later), made)
    assert "another state" in found.replayed_because
    assert found.change.to_version == "4"


def test_a_template_that_the_server_refuses_costs_only_time(session, schema, folder, make):
    read = folder(SEEDED)
    made = make(read)
    broken = Template(made.digest, made.server, made.version, made.body + "SELECT 1/0;", made.fingerprint)
    found = provision(session, schema, Engine(read), broken)
    assert found.replayed_because == "the server refused the template: division by zero"
    assert (found.change.to_version, rows(session, schema, "item")[0][1]) == ("3", "one;--")
