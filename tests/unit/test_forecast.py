"""The forecast of a plan, from migrations and the past alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from migrator.folder.way_back import WaysBack
from migrator.model.folder import Folder
from migrator.model.forecast import Group, Past, expected_seconds, prospect, timed
from migrator.model.migration import Directives
from migrator.model.stage import Stage
from migrator.model.target import Scope, Target
from migrator.model.way_back import Strategy
from tests.unit import builders

A = [Target("a", f"tenant_{n}") for n in range(4)]
B = [Target("b", f"tenant_{n}") for n in range(2)]
FIRST, SECOND = Stage(1, Scope.TENANT, is_last=False), Stage(2, Scope.TENANT)


def no_way_back(migration):
    """Only what is written counts, and nothing is."""
    return WaysBack(Folder(Path("migrations")), Strategy.UNDO)(migration)


def group(stage, targets, seconds=None, *names):
    pending = tuple(prospect(builders.migration(name), no_way_back) for name in names)
    return Group(stage, "1", tuple(targets), pending, seconds=seconds)


@pytest.mark.parametrize(
    ("sql", "asked", "destroys"),
    [
        ("CREATE TABLE a ()", None, ()),
        ("DROP TABLE a; DELETE FROM b", None, ("drops table a", "deletes rows of b")),
        ("DROP TABLE a; DROP TABLE a", None, ("drops table a",)),
        ("DROP TABLE a", True, ("drops table a",)),
        ("SELECT purge()", True, ("is destructive, as its header says",)),
        ("DROP TABLE a", False, ()),
    ],
)
def test_what_is_destroyed_is_read_from_the_statements_and_the_header_has_the_last_word(sql, asked, destroys):
    found = replace(builders.migration("V1__a.sql", sql), directives=Directives(destructive=asked))
    assert prospect(found, no_way_back).destroys == destroys


def test_schemas_in_which_something_is_changed_are_named():
    found = builders.migration("V1__a.sql", "INSERT INTO shared.log SELECT id FROM other.source")
    assert prospect(found, no_way_back).escapes == ("shared",)


def test_the_strongest_lock_on_each_table_that_was_there_before_is_named():
    sql = "CREATE TABLE a (id int); CREATE INDEX i ON b (id); ALTER TABLE b ADD c int; ALTER TABLE a ADD c int"
    found = builders.migration("V1__a.sql", sql)
    assert prospect(found, no_way_back).locks == ("ACCESS EXCLUSIVE on b",)


def test_a_written_undo_a_certain_inverse_and_none_are_told_apart():
    bare = builders.migration("V1__a.sql", "CREATE TABLE a ()")
    written = replace(bare, undo="DROP TABLE a", undo_path=Path("U1__a.sql"))
    inverse = bare.derived_undo("DROP TABLE a", ())
    assert prospect(written, WaysBack(Folder(Path("migrations")))).way_back == "undo"
    assert prospect(bare, lambda _: inverse).way_back == "inverse"
    none = prospect(bare, no_way_back)
    assert (none.way_back, [str(each) for each in none.obstacles]) == (None, ["V1__a.sql:1 has no undo script"])


def test_the_past_counts_where_just_the_same_was_applied():
    same, more = group(FIRST, A, None, "V1__a.sql"), group(FIRST, B, None, "V1__a.sql", "V2__b.sql")
    known, unknown = timed([same, more], {(Scope.TENANT, ("V1__a.sql",)): Past(0.5, 12)})
    assert (known.seconds, known.outcomes) == (0.5, 12)
    assert (unknown.seconds, unknown.outcomes) == (None, 0)


@pytest.mark.parametrize(
    ("waves", "budgets", "expected"),
    [
        ([], {}, 0.0),
        ([[(1, A[0])]], {"a": 4}, 1.0),
        ([[(1, t) for t in A]], {"a": 2}, 2.0),
        ([[(1, t) for t in A]], {"a": 9}, 1.0),
        ([[(1, t) for t in (*A, *B)]], {"a": 4, "b": 1}, 6.0),
        ([[(1, A[0])], [(1, t) for t in A[1:]]], {"a": 3}, 2.0),
        ([[(1, t) for t in A], [(2, t) for t in A]], {"a": 1}, 4.4),
    ],
)
def test_waves_take_their_slowest_database_one_after_the_other(waves, budgets, expected):
    groups = [group(FIRST, A, 1.0), group(FIRST, B, 3.0), group(SECOND, A, 0.1)]
    assert expected_seconds(waves, groups, budgets) == pytest.approx(expected)


def test_where_one_target_has_no_past_the_whole_is_not_known():
    assert expected_seconds([[(1, A[0]), (1, B[0])]], [group(FIRST, A, 1.0), group(FIRST, B)], {}) is None
