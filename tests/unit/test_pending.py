"""What is pending: folder against history."""

from __future__ import annotations

import pytest
from builders import baseline, folder, history, row

from migrator.errors import ChecksumChanged, MigrationFailedBefore, MigrationMissing, MigrationOutOfOrder
from migrator.model.history import HistoryRow
from migrator.model.migration import scripts
from migrator.model.version import Version
from migrator.schema.pending import pending, read_history

A, B, C, VIEW = "V1__a.sql", "V2__b.sql", "V3__c.sql", "R__view.sql"
ALL = folder(A, B, C, VIEW)
FLYWAY_SCHEMA = HistoryRow(0, None, "<< Flyway Schema Creation >>", "SCHEMA", '"tenant"', None, True)


@pytest.mark.parametrize(
    ("rows", "to", "found"),
    [
        ([], None, (A, B, C, VIEW)),
        ([], "2", (A, B, VIEW)),
        ([], "2.5", (A, B, VIEW)),
        (history(A), None, (B, C, VIEW)),
        (history(A, B, C), None, (VIEW,)),
        (history(A, B, C, VIEW), None, ()),
        (history(A, B, C, VIEW), "1", ()),
        (history(A, VIEW), "2", (B,)),
        ([FLYWAY_SCHEMA, *history(A, B, C, VIEW)], None, ()),
        ([baseline(1, "2")], None, (C, VIEW)),
        ([baseline(1, "2.0")], None, (C, VIEW)),
        ([baseline(1, "1.5")], None, (B, C, VIEW)),
        ([baseline(1, "9")], None, (VIEW,)),
        ([baseline(1, "1"), row(2, B)], None, (C, VIEW)),
        ([*history(A, B, C), row(4, C, type_="UNDO_SQL")], None, (C, VIEW)),
        ([*history(A, B), row(3, B, type_="UNDO_SQL"), row(4, B)], None, (C, VIEW)),
        ([*history(A, B), row(3, B, type_="DELETE")], None, (B, C, VIEW)),
        ([row(1, A, type_="JDBC"), row(2, B)], None, (C, VIEW)),
    ],
    ids=[
        "fresh",
        "fresh up to 2",
        "up to a version the folder does not have",
        "partial",
        "only the view",
        "current",
        "current and asked for less",
        "view applied before",
        "schema made by Flyway",
        "baseline",
        "baseline written otherwise",
        "baseline between two",
        "baseline above all",
        "baseline and one more",
        "undone",
        "undone and applied again",
        "deleted by a repair",
        "applied as code",
    ],
)
def test_what_a_schema_still_needs(rows, to, found):
    assert scripts(pending(ALL, rows, "tenant", Version(to) if to else None)) == found


def test_a_repeatable_that_changed_is_applied_again():
    changed = folder(A, VIEW, R="SELECT 2")
    assert scripts(pending(changed, history(A, VIEW), "tenant")) == (VIEW,)


def test_a_repeatable_counts_as_it_was_applied_last():
    changed = folder(A, VIEW, R="SELECT 2")
    rows = [*history(A, VIEW), row(3, VIEW, sql="SELECT 2")]
    assert pending(changed, rows, "tenant") == []
    assert scripts(pending(folder(A, VIEW), rows, "tenant")) == (VIEW,)


def test_a_repeatable_that_left_the_folder_is_no_mistake():
    assert pending(folder(A), history(A, VIEW), "tenant") == []


def test_a_changed_checksum_stops_before_anything_is_applied():
    with pytest.raises(ChecksumChanged) as caught:
        pending(folder(A, B, C, V1="SELECT 2"), history(A), "tenant_acme")
    said = str(caught.value)
    assert said.startswith("V1__a.sql was changed after it was applied to schema tenant_acme")
    assert f"history has checksum {row(1, A).checksum}, the file has" in said
    assert "nothing was applied" in said


def test_a_checksum_below_a_baseline_does_not_count():
    assert scripts(pending(folder(A, B, V1="SELECT 2"), [baseline(1, "1")], "tenant")) == (B,)


def test_a_history_row_without_a_checksum_fits_every_file():
    applied = HistoryRow(1, "1", "a", "JDBC", "V1__a", None, True)
    assert scripts(pending(folder(A, B), [applied], "tenant")) == (B,)


def test_a_file_that_was_applied_and_is_gone_is_named():
    with pytest.raises(MigrationMissing) as caught:
        pending(folder(A, C), history(A, B), "tenant")
    assert "schema tenant has V2__b.sql in its history, the folder migrations does not have it" in str(caught.value)


@pytest.mark.parametrize("kept", [(A, B), (A,)])
def test_a_history_that_is_newer_than_the_folder_is_left_alone(kept):
    assert pending(folder(*kept), history(A, B, C), "tenant") == []


def test_a_file_that_comes_too_late_is_named():
    with pytest.raises(MigrationOutOfOrder) as caught:
        pending(ALL, [row(1, A), row(2, C)], "tenant")
    assert str(caught.value).startswith("V2__b.sql was never applied to schema tenant, which is already at version 3")


def test_a_late_file_above_the_version_asked_for_is_no_mistake_yet():
    assert pending(folder(A, B, C), [row(1, A), row(2, C)], "tenant", Version("1")) == []


def test_a_failed_row_stops_everything():
    with pytest.raises(MigrationFailedBefore) as caught:
        pending(ALL, [row(1, A), row(2, B, success=False)], "tenant")
    assert str(caught.value).startswith("schema tenant has a failed V2__b.sql in its history; nothing was applied")


@pytest.mark.parametrize(
    ("rows", "latest"),
    [
        ([], None),
        (history(VIEW), None),
        (history(A, B), "2"),
        ([baseline(1, "5")], "5"),
        ([baseline(1, "1"), row(2, C)], "3"),
        ([*history(A, B), row(3, B, type_="UNDO_SQL")], "1"),
    ],
)
def test_the_version_of_a_schema_is_the_highest_that_stands(rows, latest):
    assert read_history(rows).latest == (Version(latest) if latest else None)
