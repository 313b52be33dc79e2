"""The inverse of a migration, derived from its SQL and from what was applied before it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders import migration
from pglast import parse_sql

from migrator.folder.inverse import inverse_of, inverses_of
from migrator.folder.inverse.names import object_name
from migrator.folder.rewriting import shared_extension
from tests.inverse_cases import CASES


def inverse(forward, *before, **options):
    earlier = [migration(f"V{number}__x.sql", sql) for number, sql in enumerate(before, start=1)]
    return inverse_of(migration("V99__x.sql", forward), earlier, **options)


@pytest.mark.parametrize("case", [case for case in CASES if not case.reason], ids=str)
def test_what_is_certain_is_taken_back_in_reverse_order(case):
    found = inverse(case.forward, *case.before)
    assert (found.sql.rstrip(";\n").replace(";\n", "; "), found.obstacles) == (case.back, ())


@pytest.mark.parametrize("case", [case for case in CASES if case.reason], ids=str)
def test_what_is_not_certain_is_an_obstacle_that_says_why(case):
    found = inverse(case.forward, *case.before)
    assert not found.is_certain
    assert found.sql == ""
    assert case.reason in found.obstacles[0].reason


def test_each_obstacle_names_file_line_and_statement():
    found = inverse("-- why\n\nCREATE TABLE x (a int);\n\n-- and\nDELETE FROM t\n WHERE a = 1;")
    (obstacle,) = found.obstacles
    assert (obstacle.path.name, obstacle.line, obstacle.statement) == ("V99__x.sql", 6, "DELETE FROM t\n WHERE a = 1")


def test_every_obstacle_of_a_migration_is_said():
    found = inverse("UPDATE t SET a = 1; CREATE TABLE x (a int); DELETE FROM t")
    assert [obstacle.reason.split(",")[0] for obstacle in found.obstacles] == [
        "changes rows of t",
        "deletes rows of t",
    ]


def test_what_goes_with_a_column_is_a_note():
    found = inverse("ALTER TABLE t ADD COLUMN c int", "CREATE TABLE t (a int)")
    assert found.notes == ("column t.c goes with all that was written to it since",)


def test_an_extension_stays_and_is_a_note():
    assert inverse("CREATE EXTENSION citext").notes == ("extension citext stays: it belongs to the database",)


def test_each_statement_ends_with_a_semicolon_and_a_line_end():
    assert inverse("CREATE TABLE x (a int); CREATE TABLE y (a int)").sql == "DROP TABLE y;\nDROP TABLE x;\n"


def test_a_migration_without_effect_has_an_empty_and_certain_inverse():
    found = inverse("SELECT 1")
    assert (found.sql, found.is_certain) == ("", True)


def test_code_cannot_be_taken_back():
    step = replace(migration("V2__x.sql"), statements=(), code=lambda connection: None)
    (obstacle,) = inverse_of(step, ()).obstacles
    assert obstacle.reason == "is code, and what that did is not known"


def test_behind_code_nothing_is_known():
    step = replace(migration("V2__x.sql"), statements=(), code=lambda connection: None)
    first = migration("V1__x.sql", "CREATE TABLE t (a int DEFAULT 0)")
    last = migration("V3__x.sql", "ALTER TABLE t ALTER a SET DEFAULT 1")
    assert not inverse_of(last, (first, step)).is_certain
    assert inverse_of(last, (first,)).is_certain


def test_what_the_parser_cannot_read_cannot_be_taken_back():
    assert "cannot be read by the parser" in inverse("CREATE NONSENSE x").obstacles[0].reason


def test_behind_what_the_parser_cannot_read_nothing_is_known():
    assert not inverse("CREATE TABLE IF NOT EXISTS x (a int)", "CREATE NONSENSE x").is_certain


def test_where_not_everything_before_is_at_hand_nothing_is_taken_for_absent():
    assert inverse("CREATE OR REPLACE VIEW v AS SELECT 1").is_certain
    assert not inverse("CREATE OR REPLACE VIEW v AS SELECT 1", complete=False).is_certain


def test_a_thing_that_is_named_with_and_without_a_schema_may_be_two():
    before = "CREATE TABLE public.t (a int DEFAULT 0)"
    assert inverse("ALTER TABLE public.t ALTER a SET DEFAULT 1", before).is_certain
    assert not inverse("ALTER TABLE t ALTER a SET DEFAULT 1", before).is_certain


def test_what_others_made_in_their_schemas_is_not_known_to_be_absent():
    assert not inverse("CREATE TABLE IF NOT EXISTS other.t (a int)").is_certain
    assert inverse("CREATE TABLE IF NOT EXISTS other.t (a int)", "CREATE SCHEMA other").is_certain


def test_a_tenants_extension_as_the_reader_puts_it_is_nothing_to_take_back():
    stmt = parse_sql("CREATE EXTENSION citext")[0].stmt
    found = inverse(shared_extension(stmt, ("public",)))
    assert (found.sql, found.is_certain, len(found.notes)) == ("", True, 1)


def test_the_inverses_of_a_folder_are_those_of_its_migrations():
    folder = [migration("V1__x.sql", "CREATE TABLE t (a int)"), migration("V2__x.sql", "ALTER TABLE t ADD b int")]
    assert inverses_of(folder) == (inverse_of(folder[0], ()), inverse_of(folder[1], folder[:1]))


@pytest.mark.parametrize(
    ("forward", "back"),
    [
        ('CREATE TABLE "${migrator:schema}".t (a int)', "DROP TABLE t;\n"),
        ("ALTER TABLE ${migrator:schema}.t RENAME TO u", "ALTER TABLE ${migrator:schema}.u RENAME TO t;\n"),
        (
            'ALTER TABLE "${migrator:schema}".t RENAME a TO c',
            'ALTER TABLE "${migrator:schema}".t RENAME COLUMN c TO a;\n',
        ),
        (
            "ALTER TABLE t ALTER a SET DEFAULT 'x'",
            "ALTER TABLE t ALTER COLUMN a SET DEFAULT '${migrator:tenant_id}';\n",
        ),
        ("CREATE TABLE t_${migrator:tenant_id} (a int)", "DROP TABLE t_${migrator:tenant_id};\n"),
        ('CREATE TABLE "t_${migrator:tenant_id}" (a int)', 'DROP TABLE "t_${migrator:tenant_id}";\n'),
        ("DROP VIEW v", 'CREATE VIEW v AS SELECT 1 FROM "${migrator:schema}".t;\n'),
    ],
)
def test_placeholders_of_the_way_forward_are_placeholders_of_the_way_back(forward, back):
    before = (
        "CREATE TABLE t (a text DEFAULT '${migrator:tenant_id}')",
        'CREATE VIEW v AS SELECT 1 FROM "${migrator:schema}".t',
    )
    assert inverse(forward, *before).sql == back


def test_a_placeholder_in_and_out_of_quotes_may_mean_two_names():
    found = inverse('CREATE TABLE ${migrator:schema}_t (a int); CREATE TABLE "${migrator:schema}_u" (a int)')
    assert "both inside and outside of double quotes" in found.obstacles[0].reason


@pytest.mark.parametrize(
    ("table", "columns", "label", "name"),
    [
        ("t", "a_b", "key", "t_a_b_key"),
        ("t", "", "pkey", "t_pkey"),
        ("t" * 60, "", "pkey", "t" * 58 + "_pkey"),
        ("t" * 40, "c" * 40, "idx", "t" * 29 + "_" + "c" * 29 + "_idx"),
        ("t" * 50, "c" * 3, "fkey", "t" * 50 + "_ccc_fkey"),
        ("ü" * 40, "c", "key", "ü" * 28 + "_c_key"),
    ],
)
def test_long_names_are_cut_as_postgresql_cuts_them(table, columns, label, name):
    assert object_name(table, columns, label) == name
