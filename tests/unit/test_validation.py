"""Where a history and a folder differ."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders import baseline, folder, history, migration, row

from migrator.model.history import History, Mark
from migrator.model.migration import MigrationKind
from migrator.schema.validation import FindingKind, findings, mark_is_wrong, settled_digest

A, B, C, VIEW = "V1__a.sql", "V2__b.sql", "V3__c.sql", "R__view.sql"
ALL = folder(A, B, C, VIEW)
LATE = replace(ALL, out_of_order=True)
SQUASHED = replace(folder(C), baselines=(replace(migration("V2__b.sql"), kind=MigrationKind.BASELINE),))


def kinds(read, rows, mark=None):
    return [(finding.kind.value, finding.script) for finding in findings(read, History(tuple(rows), mark))]


@pytest.mark.parametrize(
    ("read", "rows", "found"),
    [
        (ALL, history(A, B, C, VIEW), []),
        (ALL, [], [("pending", A), ("pending", B), ("pending", C), ("pending", VIEW)]),
        (ALL, history(A, B, VIEW), [("pending", C)]),
        (ALL, [baseline(1, "2"), row(2, C)], [("pending", VIEW)]),
        (ALL, [row(1, A), row(2, B, sql="SELECT 0"), *history("V3__c.sql", VIEW)], [("changed", B)]),
        (ALL, [row(1, A), row(2, B, type_="JDBC"), row(3, C), row(4, VIEW)], [("renamed", B)]),
        (ALL, [row(1, A), replace(row(2, B), description="was"), row(3, C), row(4, VIEW)], [("renamed", B)]),
        (ALL, [row(1, A), replace(row(2, B), checksum=None), row(3, C), row(4, VIEW)], []),
        (folder(A, C), history(A, B, C), [("missing", B)]),
        (folder(A), history(A, B), [("future", B)]),
        (folder(A), history(A, VIEW), []),
        (ALL, [*history(A, B), row(3, C, success=False), row(4, VIEW)], [("failed", C)]),
        (ALL, [row(1, A), row(2, C), row(3, VIEW)], [("out_of_order", B)]),
        (LATE, [row(1, A), row(2, C), row(3, VIEW)], [("out_of_order", B)]),
        (folder(A, VIEW, R="SELECT 2"), history(A, VIEW), [("pending", VIEW)]),
        (folder(A, VIEW), [*history(A, VIEW), row(3, VIEW, type_="DELETE")], [("pending", VIEW)]),
        (SQUASHED, history(A, B, C), []),
        (SQUASHED, history(A), [("missing", A), ("pending", C)]),
        (SQUASHED, [], [("pending", B), ("pending", C)]),
    ],
    ids=[
        "equal",
        "fresh",
        "partial",
        "baseline",
        "changed",
        "applied as code",
        "renamed",
        "no checksum",
        "missing",
        "future",
        "a repeatable that left",
        "failed",
        "out of order",
        "out of order allowed",
        "a repeatable that changed",
        "a repeatable that came back",
        "files that a baseline stands for",
        "files that a baseline stands for, and a schema that is not so far",
        "a baseline for an empty schema",
    ],
)
def test_every_difference_is_found(read, rows, found):
    assert kinds(read, rows) == found


def test_several_differences_are_found_at_once():
    rows = [row(1, A, sql="SELECT 0"), row(2, "V2__gone.sql"), row(3, C, success=False), row(4, "V9__new.sql")]
    assert set(kinds(folder(A, C, "V5__e.sql"), rows)) == {
        ("failed", C),
        ("changed", A),
        ("missing", "V2__gone.sql"),
        ("future", "V9__new.sql"),
        ("out_of_order", "V5__e.sql"),
    }


@pytest.mark.parametrize(
    ("read", "rows", "is_error"),
    [
        (ALL, history(A, B, VIEW), False),
        (folder(A), history(A, B), False),
        (ALL, [replace(each, description="was") for each in history(A, B, C)] + [row(4, VIEW)], False),
        (LATE, [row(1, A), row(2, C), row(3, VIEW)], False),
        (ALL, [row(1, A), row(2, C), row(3, VIEW)], True),
        (folder(A, C), history(A, B, C), True),
        (ALL, [row(1, A, success=False)], True),
        (ALL, [row(1, A, sql="SELECT 0")], True),
    ],
    ids=["pending", "future", "renamed", "late and allowed", "late", "missing", "failed", "changed"],
)
def test_somebody_has_to_act_only_where_the_engine_would_refuse(read, rows, is_error):
    assert any(finding.is_error for finding in findings(read, History(tuple(rows)))) is is_error


def test_a_finding_says_what_is_there_and_what_to_do():
    (finding,) = findings(folder(A, V1="SELECT 2"), History(tuple(history(A))))
    applied, now = row(1, A).checksum, migration(A, "SELECT 2").checksum
    assert finding.sentence == (
        f"V1__a.sql was changed after it was applied: history has checksum {applied}, the file has {now}; "
        "put the file back, or repair the history"
    )


def test_a_script_that_was_begun_is_an_error_and_the_mark_is_not_looked_at_further():
    mark = Mark("9", "", begun=B, statements=2)
    (pending_, begun) = findings(folder(A, B), History(tuple(history(A)), mark))
    assert (pending_.kind, begun.kind, begun.is_error) == (FindingKind.PENDING, FindingKind.BEGUN, True)
    assert begun.sentence.startswith("V2__b.sql was begun and not finished, 2 of its statements are done")


@pytest.mark.parametrize(
    ("mark", "is_wrong"),
    [
        (None, False),
        (Mark("3", ALL.digest), False),
        (Mark("3", ""), False),
        (Mark("3", "of an older folder"), False),
        (Mark("2", ALL.digest), True),
        (Mark(None, ""), True),
        (Mark("4", ""), True),
        (Mark("4", "", begun=B), False),
    ],
)
def test_a_mark_is_wrong_when_the_rows_reach_another_version(mark, is_wrong):
    assert mark_is_wrong(ALL, history(A, B, C, VIEW), mark) is is_wrong


def test_a_mark_that_hides_what_is_open_is_wrong():
    assert mark_is_wrong(ALL, history(A, B, C), Mark("3", ALL.digest))
    assert kinds(ALL, history(A, B, C), Mark("3", ALL.digest)) == [("pending", VIEW), ("mark_differs", None)]


@pytest.mark.parametrize(
    ("read", "rows", "settled"),
    [
        (ALL, history(A, B, C, VIEW), True),
        (ALL, history(A, B, VIEW), True),
        (ALL, history(A, B, C), False),
        (ALL, [row(1, A), row(2, C), row(3, VIEW)], False),
        (LATE, [row(1, A), row(2, C), row(3, VIEW)], False),
        (folder(A, C), history(A, B, C), False),
        (ALL, [baseline(1, "2"), row(2, VIEW)], True),
        (SQUASHED, history(A, B), True),
    ],
)
def test_a_schema_is_settled_when_nothing_is_open_up_to_its_version(read, rows, settled):
    assert bool(settled_digest(read, rows)) is settled
