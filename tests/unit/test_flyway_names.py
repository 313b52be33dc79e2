"""What a migration file's name says."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.errors import UnnamedFile
from migrator.folder.flyway import parse_name
from migrator.model.migration import MigrationKind
from migrator.model.version import Version


@pytest.mark.parametrize(
    ("name", "version", "description"),
    [
        ("V1__customers.sql", "1", "customers"),
        ("V1.2__add_orders.sql", "1.2", "add orders"),
        ("V1_2__add_orders.sql", "1.2", "add orders"),
        ("V20240131120000__x.sql", "20240131120000", "x"),
        ("V001__x.sql", "1", "x"),
        ("V2__a__b.sql", "2", "a  b"),
        ("V3__what.was.this.sql", "3", "what.was.this"),
        ("V4__größe.sql", "4", "größe"),
        ("V5__{braces}_100%.sql", "5", "{braces} 100%"),
    ],
)
def test_a_versioned_file_says_version_and_description(name, version, description):
    said = parse_name(Path(name))
    assert (said.kind, said.version, said.description) == (MigrationKind.VERSIONED, Version(version), description)


def test_a_repeatable_file_says_its_description():
    said = parse_name(Path("R__order_summary.sql"))
    assert (said.kind, said.version, said.description) == (MigrationKind.REPEATABLE, None, "order summary")


def test_an_undo_script_is_no_migration_of_its_own():
    assert parse_name(Path("U1__customers.sql")) is None


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("customers.sql", "its name does not follow the convention"),
        ("v1__customers.sql", "its name does not follow the convention"),
        ("V1_customers.sql", "its name does not follow the convention"),
        ("V1__.sql", "its name does not follow the convention"),
        ("0001_init.up.sql", "its name does not follow the convention"),
        ("V1__customers.SQL", "its name does not follow the convention"),
        ("V__customers.sql", "it has no version"),
        ("Vone__customers.sql", "version 'one' is not made of numbers separated by dots or underscores"),
        ("V1-2__customers.sql", "version '1-2' is not made of numbers separated by dots or underscores"),
        ("R1__view.sql", "a repeatable migration has no version"),
        ("B__baseline.sql", "it has no version"),
    ],
)
def test_a_misnamed_file_is_refused_with_its_path_and_the_reason(name, reason):
    with pytest.raises(UnnamedFile) as caught:
        parse_name(Path("migrations") / name)
    assert str(caught.value).startswith(f"migrations/{name} is no migration: {reason}; versioned files are named")
