"""What other tools' tables say is applied, held against a folder."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha384
from pathlib import Path

import pytest

from migrator.folder import read_folder
from migrator.model.folder import Folder
from migrator.model.migration import Migration, MigrationKind, scripts
from migrator.model.version import Version
from migrator.schema import recognisers
from migrator.schema.recognisers import Disagreement, recognised


def folder(*names: str, **changed: bool) -> Folder:
    """A folder of versioned migrations called so, in this order."""
    found = (
        Migration(MigrationKind.VERSIONED, Version(str(n)), name, name, Path("migrations") / name, n, "", ())
        for n, name in enumerate(names, start=1)
    )
    return replace(Folder(Path("migrations"), tuple(found)), **changed)


PAIRS = folder("0001_a.up.sql", "0002_b.up.sql", "0010_c.up.sql")
DATED = folder("20240101_a.sql", "20240102_b.sql", "20240103_c.sql")
FOLDERS = folder("2024-01-01-000000_a", "2024-01-02-000000-0001_b", "00000000000000_c")
DJANGO = folder("0001_shop_0001_initial.up.sql", "V2__shop_0002_slug.sql", "0003_blog_0001_initial.up.sql")
UP, DOWN = True, False


@pytest.mark.parametrize(
    ("tool", "read", "rows", "count"),
    [
        ("golang_migrate", PAIRS, [], 0),
        ("golang_migrate", PAIRS, [(2, False)], 2),
        ("golang_migrate", PAIRS, [(10, False)], 3),
        ("dbmate", DATED, [], 0),
        ("dbmate", DATED, [("20240101",), ("20240102",)], 2),
        ("diesel", FOLDERS, [("20240101000000",), ("202401020000000001",)], 2),
        ("diesel", FOLDERS, [("00000000000000",), ("20240101000000",), ("202401020000000001",)], 3),
        ("goose", DATED, [(1, 0, UP)], 0),
        ("goose", DATED, [(1, 0, UP), (2, 20240101, UP), (3, 20240102, UP)], 2),
        ("goose", DATED, [(1, 0, UP), (2, 20240101, UP), (3, 20240102, UP), (4, 20240102, DOWN)], 1),
        ("goose", DATED, [(1, 0, UP), (2, 20240101, UP), (3, 20240101, DOWN), (4, 20240101, UP)], 1),
        ("sql_migrate", DATED, [("20240101_a.sql",)], 1),
        ("node_pg_migrate", DATED, [("20240101_a",), ("20240102_b",)], 2),
        ("django", DJANGO, [], 0),
        ("django", DJANGO, [(1, "auth", "0001_initial"), (2, "shop", "0001_initial"), (3, "shop", "0002_slug")], 2),
        ("django", DJANGO, [(1, "shop", "0002_slug"), (2, "blog", "0001_initial"), (3, "shop", "0001_initial")], 3),
    ],
)
def test_the_applied_migrations_are_the_first_of_the_folder(tool, read, rows, count):
    assert getattr(recognisers, tool)(rows, read) == list(read.versioned[:count])


@pytest.mark.parametrize(
    ("tool", "read", "rows", "reason"),
    [
        ("golang_migrate", PAIRS, [(2, True)], "golang-migrate left version 2 dirty, it failed half way"),
        (
            "golang_migrate",
            PAIRS,
            [(3, False)],
            "that 3 is applied, migrations does not have it; its newest is 0010_c.up.sql",
        ),
        (
            "golang_migrate",
            folder(),
            [(3, False)],
            "that 3 is applied, migrations does not have it; its newest is nothing",
        ),
        (
            "dbmate",
            DATED,
            [("20240109",), ("20240108",)],
            "that 20240108, 20240109 is applied, migrations does not have it",
        ),
        ("dbmate", PAIRS, [("1",)], "that 1 is applied, migrations does not have it"),
        (
            "dbmate",
            DATED,
            [("20240101",), ("20240103",)],
            "the table lacks 20240102_b.sql and has 20240103_c.sql, which comes later",
        ),
        ("diesel", FOLDERS, [("20240109000000",)], "that 20240109000000 is applied"),
        ("goose", DATED, [(1, 20240102, UP)], "the table lacks 20240101_a.sql and has 20240102_b.sql"),
        ("sql_migrate", DATED, [("x.sql",)], "that x.sql is applied"),
        ("node_pg_migrate", DATED, [("20240103_c",)], "the table lacks 20240101_a.sql, 20240102_b.sql and has"),
        ("dbmate", DATED, [(str(n),) for n in range(10, 20)], "that 10, 11, 12, 13, 14 and 5 more is applied"),
    ],
)
def test_what_does_not_fit_is_named(tool, read, rows, reason):
    with pytest.raises(Disagreement) as caught:
        getattr(recognisers, tool)(rows, read)
    assert reason in caught.value.args[0]


def test_a_gap_is_no_mistake_where_the_folder_applies_late_migrations():
    read = replace(DATED, out_of_order=True)
    assert scripts(recognisers.dbmate([("20240101",), ("20240103",)], read)) == ("20240101_a.sql", "20240103_c.sql")


@pytest.fixture
def sqlx_folder(tmp_path):
    for number in (1, 2):
        (tmp_path / f"{number}_t.sql").write_text(f"CREATE TABLE t{number} ();\r\n")
    return read_folder(tmp_path)


def sqlx_row(read: Folder, number: int, success: bool = True):
    content = read.versioned[number - 1].path.read_bytes()
    return (number, success, memoryview(sha384(content).digest()))


def test_sqlx_checksums_are_held_against_the_files(sqlx_folder):
    assert scripts(recognisers.sqlx([sqlx_row(sqlx_folder, 1)], sqlx_folder)) == ("1_t.sql",)
    rows = [sqlx_row(sqlx_folder, 1), sqlx_row(sqlx_folder, 2)]
    sqlx_folder.versioned[0].path.write_text("CREATE TABLE other ();")
    with pytest.raises(Disagreement, match=r"^sqlx has applied 1_t\.sql with another text"):
        recognisers.sqlx(rows, sqlx_folder)


def test_what_sqlx_did_not_finish_is_named(sqlx_folder):
    with pytest.raises(Disagreement, match="sqlx did not finish 2"):
        recognisers.sqlx([sqlx_row(sqlx_folder, 1), sqlx_row(sqlx_folder, 2, success=False)], sqlx_folder)


@pytest.mark.parametrize(
    ("tables", "tools"),
    [
        ([], []),
        ([("schema_migrations", ["version", "dirty"])], ["golang-migrate"]),
        ([("schema_migrations", ["version"])], ["dbmate"]),
        ([("schema_migrations", ["name"])], []),
        (
            [("pgmigrations", ["id", "name", "run_on"]), ("schema_migrations", ["version"])],
            ["dbmate", "node-pg-migrate"],
        ),
    ],
)
def test_a_tool_is_recognised_by_table_and_columns(tables, tools):
    assert [each.tool for each in recognised(tables)] == tools
