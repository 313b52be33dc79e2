"""Names that begin with a number, and names for several database systems."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.folder.dialect import bare_name, ours
from migrator.folder.names import parse_numbered
from migrator.model.version import Version


@pytest.mark.parametrize(
    ("name", "version", "description"),
    [
        ("0001_add_users", "1", "add users"),
        ("1_x", "1", "x"),
        ("000001", "1", "000001"),
        ("00000000000000_diesel_initial_setup", "0", "diesel initial setup"),
        ("20240131120000_x", "20240131120000", "x"),
        ("20240131120000-add-users", "20240131120000", "add-users"),
        ("20191100000001000000_identities", "20191100000001000000", "identities"),
        ("0001_2024_report", "1", "2024 report"),
        ("0002-2fa", "2", "2fa"),
        ("1.2_x", "1.2", "x"),
        ("03.00.00_01_pre_cancel", "3.0.0.1", "pre cancel"),
        ("2024-01-31-120000_x", "20240131120000", "x"),
        ("2024-01-31-12-00-00_x", "20240131120000", "x"),
        ("2024-01-31_x", "20240131000000", "x"),
        ("2024_01_31_120000_x", "20240131120000", "x"),
        ("2024-01-31-120000-0001_x", "20240131120000.1", "x"),
        ("0001_größe", "1", "größe"),
    ],
)
def test_a_numbered_name_says_version_and_description(name, version, description):
    said = parse_numbered(name)
    assert (said.version, said.description) == (Version(version), description)


@pytest.mark.parametrize("name", ["", "users", "v1_x", "_1_x", "12users"])
def test_a_name_without_a_number_of_its_own_says_nothing(name):
    assert parse_numbered(name) is None


@pytest.mark.parametrize(
    "names",
    [
        ["0009_a", "00010_b"],
        ["2_a", "10_b"],
        ["20191100000001000000_a", "20191100000001000001_b"],
        ["2024-01-31_a", "2024-01-31-120000_b", "2024-02-01_c"],
        ["2024-01-01-120000-0000_a", "2025-01-01-000000_b"],
        ["00.05.00_01_a", "00.05.00_02_b", "00.06.00_01_c"],
        ["20240131120000_a", "20240131120000.1_b"],
    ],
)
def test_versions_come_in_the_order_of_the_tool_that_made_the_names(names):
    versions = [parse_numbered(name).version for name in names]
    assert versions == sorted(versions)
    assert len(set(versions)) == len(versions)


def test_the_tags_of_a_name_are_no_part_of_its_description():
    assert bare_name(Path("1_a.b.postgres.autocommit.up.sql")) == "1_a.b.up.sql"


@pytest.mark.parametrize(
    ("names", "taken"),
    [
        (["1_x.mysql.sql", "1_x.postgres.sql", "1_x.sqlite3.sql"], ["1_x.postgres.sql"]),
        (["1_x.postgres.sql", "1_x.sql"], ["1_x.postgres.sql"]),
        (["1_x.mysql.sql", "1_x.sql"], ["1_x.sql"]),
        (["1_x.autocommit.sql"], ["1_x.autocommit.sql"]),
        (["1_mysql.sql"], ["1_mysql.sql"]),
    ],
)
def test_of_the_files_for_several_systems_those_for_postgresql_are_taken(names, taken):
    assert [file.name for file in ours(map(Path, names))] == taken
