"""Names that pending migrations would make and that a schema has already; only what is certain is told."""

from __future__ import annotations

import pytest

from migrator.folder.new_names import names_made
from migrator.model.collision import collisions
from migrator.schema.collisions import names_there


@pytest.fixture
def collide(session, schema, folder, ask):
    """What collides of some files in a schema in which something was made by hand."""

    def run(by_hand, **files):
        ask(f"CREATE SCHEMA {schema}; SET search_path TO {schema}; {by_hand}; RESET search_path")
        made = names_made(folder({f"{name}.sql": text for name, text in files.items()}).migrations)
        there = names_there(session, [schema, "nobody"], {each.name for each in made})
        return [str(each) for each in collisions(schema, made, there.get(schema, ()))]

    return run


@pytest.mark.parametrize(
    ("by_hand", "sql", "what"),
    [
        ("CREATE TABLE t ()", "CREATE TABLE t (id int)", "table t"),
        ("CREATE TABLE t ()", "CREATE VIEW t AS SELECT 1", "view t"),
        ("CREATE TYPE t AS ENUM ()", "CREATE TABLE t (id int)", "table t"),
        ("CREATE TABLE t ()", "CREATE TYPE t AS ENUM ('a')", "type t"),
        ("CREATE TABLE a (id int); CREATE INDEX t ON a (id)", "CREATE INDEX t ON b (id)", "index t"),
        ("CREATE SEQUENCE t", "CREATE SEQUENCE t", "sequence t"),
        ("CREATE SEQUENCE t", "CREATE MATERIALIZED VIEW t AS SELECT 1", "view t"),
        ("CREATE TABLE t ()", "CREATE TABLE t AS SELECT 1", "table t"),
        ("CREATE DOMAIN t AS int", "CREATE TYPE t AS (a int)", "type t"),
        (
            "CREATE FUNCTION t(a int, b text[]) RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "CREATE FUNCTION t(x integer, y text[], OUT z int) LANGUAGE sql AS 'SELECT 2'",
            "function t(int4, _text)",
        ),
    ],
)
def test_a_name_that_is_there_collides_and_is_told_with_file_and_line(collide, schema, by_hand, sql, what):
    assert collide(by_hand, V1__x=f"SELECT 1;\n{sql};") == [
        f"V1__x.sql:2 would make {what}, which schema {schema} has already"
    ]


@pytest.mark.parametrize(
    ("by_hand", "sql"),
    [
        ("CREATE TABLE t ()", "CREATE TABLE IF NOT EXISTS t (id int)"),
        ("CREATE VIEW t AS SELECT 1", "CREATE OR REPLACE VIEW t AS SELECT 2"),
        ("CREATE TABLE t ()", "CREATE TEMP TABLE t (id int)"),
        ("CREATE TABLE t ()", "CREATE TABLE public.t (id int)"),
        ("CREATE TABLE t ()", "CREATE FUNCTION t() RETURNS int LANGUAGE sql AS 'SELECT 1'"),
        ("CREATE TABLE t ()", "DROP TABLE t; CREATE TABLE t (id int)"),
        ("CREATE TABLE t (id int); CREATE INDEX i ON t (id)", "DROP TABLE t; CREATE INDEX i ON b (id)"),
        ("CREATE TABLE t (id serial)", "DROP TABLE t; CREATE SEQUENCE t_id_seq"),
        ("CREATE TABLE t ()", "ALTER TABLE t RENAME TO old; CREATE TABLE t (id int)"),
        ("CREATE TABLE t (id int CONSTRAINT i UNIQUE)", "ALTER TABLE t DROP CONSTRAINT i; CREATE INDEX i ON t (id)"),
        ("CREATE TABLE t ()", "DO $$ BEGIN DROP TABLE t; END $$; CREATE TABLE t (id int)"),
        (
            "CREATE FUNCTION t(a int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "CREATE FUNCTION t(a text) RETURNS int LANGUAGE sql AS 'SELECT 2'",
        ),
        ("CREATE TABLE t ()", "CREATE TYPE _t AS ENUM ('a')"),
    ],
)
def test_what_may_be_made_does_not_collide(collide, by_hand, sql):
    assert collide(by_hand, V1__x=sql) == []


def test_what_an_earlier_migration_drops_is_free_for_a_later_one(collide):
    assert collide("CREATE TABLE t ()", V1__x="DROP TABLE t", V2__y="CREATE TABLE t (id int)") == []
