"""The mark that sums a schema's history up."""

from __future__ import annotations

import pytest
from builders import folder
from hypothesis import given
from hypothesis import strategies as st

from migrator.model.history import History, HistoryRow, Mark, is_current
from migrator.model.version import Version

words = st.text(st.characters(exclude_categories=["Cs"]))
marks = st.builds(Mark, st.none() | words, words, st.none() | words, st.integers(min_value=0))

A, B, C, VIEW = "V1__a.sql", "V2__b.sql", "V3__c.sql", "R__view.sql"
ALL = folder(A, B, C, VIEW)


def mark_at(version: str | None, of=ALL) -> Mark:
    return Mark(version, of.digest_at(Version(version) if version else None) or "")


@given(marks)
def test_a_mark_is_read_back_as_it_was_written(mark):
    assert Mark.read(mark.as_text()) == mark


@pytest.mark.parametrize(
    "comment",
    [
        None,
        "",
        "Flyway's history",
        "migrator",
        "migrator of tenant 7",
        "migrator {",
        "migrator {}",
        'migrator {"version":"1"}',
        'migrator {"version":"1","digest":"d","colour":"red"}',
        '{"version":"1","digest":"d"}',
    ],
)
def test_somebody_elses_comment_is_no_mark(comment):
    assert Mark.read(comment) is None


@pytest.mark.parametrize(
    ("mark", "to", "current"),
    [
        (None, None, False),
        (mark_at("3"), None, True),
        (mark_at("3"), "3", True),
        (mark_at("3"), "2", True),
        (mark_at("2"), None, False),
        (mark_at("2"), "2", True),
        (mark_at("2"), "1", True),
        (mark_at("2"), "3", False),
        (mark_at(None), None, False),
        (Mark("3", "another folder's"), None, False),
        (Mark("3", ""), None, False),
        (Mark("9", ""), None, False),
        (Mark("3.0", ALL.digest), None, True),
    ],
)
def test_a_schema_is_current_when_the_folder_has_nothing_more_for_it(mark, to, current):
    assert is_current(mark, ALL, Version(to) if to else None) is current


@pytest.mark.parametrize(
    "changed",
    [folder(A, B, C, VIEW, R="SELECT 2"), folder(A, B, C), folder(A, B, C, VIEW, V1="SELECT 2"), folder(A, C, VIEW)],
    ids=["a repeatable changed", "a repeatable is gone", "a file changed", "a file is gone"],
)
def test_a_schema_is_not_current_for_a_folder_that_differs(changed):
    assert not is_current(mark_at("3"), changed, None)


def test_a_new_file_above_leaves_the_older_state_recognisable():
    assert ALL.digest_at(Version("2")) == folder(A, B, VIEW).digest
    assert ALL.digest != folder(A, B, VIEW).digest


def test_an_empty_folder_has_nothing_for_a_schema_that_was_seen():
    empty = folder()
    assert is_current(mark_at(None, empty), empty, None)


def test_the_digest_depends_on_texts_and_versions_and_not_on_descriptions():
    assert folder(A).digest == folder("V1.0__another_name.sql").digest
    assert folder(A).digest != folder(A, V1="SELECT 2").digest
    assert folder(A).digest != folder("V2__a.sql").digest


def test_the_newest_rank_is_the_highest():
    rows = tuple(HistoryRow(rank, str(rank), "d", "SQL", "s", 1, True) for rank in (1, 7, 3))
    assert (History(rows).newest_rank, History().newest_rank) == (7, 0)
