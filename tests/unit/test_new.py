"""The next migration's files, as the folder's own tool would name them."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime

import pytest

from migrator.errors import NoNextFile
from migrator.folder import read_folder
from migrator.folder.lint import lint_folder
from migrator.folder.new import next_files, write
from migrator.folder.numbering import next_number
from migrator.model.target import Scope
from tests.folders import HERE, SAMPLES

NOW = datetime(2026, 3, 4, 15, 6, 7, tzinfo=UTC)
TABLE = "CREATE TABLE a ();\n"


@pytest.fixture
def named(tmp_path):
    """The names of the next files in a folder of these files."""

    def names(files, description: str = "Add orders!", convention=None):
        for name in files:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(files[name] if isinstance(files, dict) else TABLE)
        found = next_files(tmp_path, description, NOW, convention)
        return [file.path.relative_to(tmp_path).as_posix() for file in found]

    return names


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ([], ["V1__add_orders.sql"]),
        (["V1__a.sql", "V9__b.sql"], ["V10__add_orders.sql"]),
        (["V001__a.sql"], ["V002__add_orders.sql"]),
        (["V1__a.sql", "V1.2__b.sql"], ["V1.3__add_orders.sql"]),
        (["V1__a.sql", "U1__a.sql", "R__v.sql"], ["V2__add_orders.sql", "U2__add_orders.sql"]),
        (["V20240131120000__a.sql"], ["V20260304150607__add_orders.sql"]),
        (["deep/V3__a.sql"], ["V4__add_orders.sql"]),
        (["000009_a.up.sql", "000009_a.down.sql"], ["000010_add_orders.up.sql", "000010_add_orders.down.sql"]),
        (["1_a.up.sql"], ["2_add_orders.up.sql"]),
        (["1_a.postgres.up.sql"], ["2_add_orders.postgres.up.sql"]),
        (["1700000000_a.up.sql"], [f"{int(NOW.timestamp())}_add_orders.up.sql"]),
        (["2024-01-31-120000_a/up.sql"], ["2026-03-04-150607_add_orders/up.sql"]),
        (
            ["2024-01-31-120000-0000_a/up.sql", "2024-01-31-120000-0000_a/down.sql"],
            ["2026-03-04-150607-0000_add_orders/up.sql", "2026-03-04-150607-0000_add_orders/down.sql"],
        ),
        (["0001_a.sql", "0010_b.sql"], ["0011_add_orders.sql"]),
        (["0001-a.sql"], ["0002-add_orders.sql"]),
    ],
)
def test_name_and_number_are_those_that_the_folder_would_use(named, files, expected):
    assert named(files) == expected


@pytest.mark.parametrize(
    ("markers", "tool"),
    [
        (("-- migrate:up", "-- migrate:down"), "dbmate"),
        (("-- +goose Up", "-- +goose Down"), "goose"),
        (("-- +migrate Up", "-- +migrate Down"), "sql-migrate"),
        (("-- Up Migration", "-- Down Migration"), "node-pg-migrate"),
    ],
)
def test_a_file_with_sections_has_the_markers_of_the_folders_tool(named, tmp_path, markers, tool):
    assert named({"20240131120000_a.sql": f"{markers[0]}\n{TABLE}"}) == ["20260304150607_add_orders.sql"], tool
    (file,) = next_files(tmp_path, "x", NOW)
    assert file.text.splitlines()[-3:] == [markers[0], "", markers[1]]


@pytest.mark.parametrize(
    ("convention", "expected"),
    [
        ("flyway", ["V1__add_orders.sql"]),
        ("pairs", ["0001_add_orders.up.sql", "0001_add_orders.down.sql"]),
        ("per-folder", ["2026-03-04-150607_add_orders/up.sql", "2026-03-04-150607_add_orders/down.sql"]),
        ("sectioned", ["20260304150607_add_orders.sql"]),
        ("numbered", ["0001_add_orders.sql"]),
    ],
)
def test_an_empty_folder_begins_as_it_is_told(named, convention, expected):
    assert named([], convention=convention) == expected


@pytest.mark.parametrize(
    ("newest", "expected"),
    [("20990131120000", "20990131120001"), ("2099-01-31-120000", "2099-01-31-120001"), ("1999999999", "2000000000")],
)
def test_a_clock_that_is_behind_does_not_go_back(newest, expected):
    assert next_number(newest, NOW) == expected


ORDERED = {"sqitch", "ordered"}


@pytest.mark.parametrize("sample", [s for s in SAMPLES if s.name not in ORDERED], ids=lambda sample: sample.name)
def test_what_is_made_is_the_newest_migration_of_its_folder(sample, tmp_path):
    shutil.copytree(HERE, tmp_path / "copied")
    path = tmp_path / "copied" / sample.name
    before = read_folder(path, scope=Scope.TENANT)
    made = next_files(path, "the newest", NOW)
    write(made)
    after = read_folder(path, scope=Scope.TENANT)
    assert [m.description for m in after.versioned] == [m.description for m in before.versioned] + ["the newest"]
    found = lint_folder(path, Scope.TENANT, after=before.latest, with_squawk=False).findings
    assert {finding.rule for finding in found if finding.path in [file.path for file in made]} <= {"empty-undo"}


@pytest.mark.parametrize("name", sorted(ORDERED))
def test_where_the_order_is_written_down_no_file_is_made(name):
    (sample,) = [sample for sample in SAMPLES if sample.name == name]
    with pytest.raises(NoNextFile, match="its order stands in"):
        next_files(sample.path, "x", NOW)


@pytest.mark.parametrize(("description", "reason"), [("!?", "no letter"), ("x" * 201, "at most 200 bytes")])
def test_a_description_that_makes_no_name_is_refused(tmp_path, description, reason):
    with pytest.raises(NoNextFile, match=reason):
        next_files(tmp_path, description, NOW)


def test_a_file_that_is_there_is_not_overwritten_and_none_is_made_beside_it(tmp_path):
    files = next_files(tmp_path, "x", NOW, "pairs")
    files[1].path.write_text("mine")
    with pytest.raises(NoNextFile, match=r"0001_x\.down\.sql is there already"):
        write(files)
    assert [file.name for file in tmp_path.iterdir()] == ["0001_x.down.sql"]
    assert files[1].path.read_text() == "mine"


def test_the_header_of_a_new_file_asks_for_nothing(tmp_path):
    write(next_files(tmp_path, "x", NOW))
    (found,) = read_folder(tmp_path).versioned
    assert (found.directives.timeout, found.directives.ignore, found.statements) == (None, (), ())
