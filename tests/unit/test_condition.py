"""The condition of a target, and how ten thousand of them are told in a few characters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from migrator.model.condition import Condition, Latest, Seen, alike, condition_of, seen_through
from migrator.model.execution import OutcomeState, Work
from migrator.model.version import Version
from migrator.web.cells import Kinds

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NEWEST = Version("2")
CURRENT, BEHIND = Seen("2", True, True), Seen("1", True)


def latest(state: str, **more) -> Latest:
    return Latest("e1", more.pop("kind", Work.MIGRATE), OutcomeState(state), more.pop("is_open", True), **more)


@pytest.mark.parametrize(
    ("seen", "last", "more", "expected"),
    [
        (CURRENT, None, {}, "current"),
        (BEHIND, None, {}, "behind"),
        (Seen("9", True), None, {}, "ahead"),
        (Seen(), None, {}, "none"),
        (Seen(None, True), None, {}, "behind"),
        (None, None, {}, "unreachable"),
        (CURRENT, None, {"is_drifted": True}, "drifted"),
        (BEHIND, latest("failed"), {}, "failed"),
        (CURRENT, latest("failed"), {}, "current"),
        (CURRENT, latest("failed", kind=Work.ROLLBACK), {}, "failed"),
        (BEHIND, latest("failed", sqlstate="55P03"), {}, "locked"),
        (BEHIND, latest("pending", refused=2), {}, "locked"),
        (BEHIND, latest("pending", refused=2, is_open=False), {}, "behind"),
        (BEHIND, latest("pending"), {}, "behind"),
        (None, latest("running"), {}, "running"),
        (CURRENT, latest("running"), {"is_active": False}, "retired"),
    ],
)
def test_a_condition_is_what_there_is_to_say_first(seen, last, more, expected):
    assert condition_of(seen, last, NEWEST, **more) == expected


def test_every_condition_has_a_letter_of_its_own():
    assert len({condition.letter for condition in Condition}) == len(Condition)


def test_an_outcome_newer_than_the_last_look_says_the_version():
    done = latest("done", to_version="2", at=NOW)
    assert seen_through(BEHIND, done, NOW - timedelta(seconds=1), NEWEST) == CURRENT
    assert seen_through(BEHIND, done, NOW + timedelta(seconds=1), NEWEST) == BEHIND
    assert seen_through(None, latest("done", to_version="1", at=NOW), None, NEWEST) == BEHIND
    assert seen_through(CURRENT, latest("done", to_version=None, at=NOW), None, NEWEST) == Seen()


def test_errors_that_differ_in_names_and_numbers_are_alike():
    said = 'V2__b.sql:3 failed in schema tenant_7 with SQLSTATE 42P07: relation "x7" of tenant_7 exists for 12 days'
    assert alike(said, "tenant_7") == "relation <value> of <schema> exists for <n> days"


def test_fingerprints_and_ids_are_alike_and_the_command_that_helps_stays():
    said = "fingerprint 030b0c87139aaa0d92571e2a24519d50, see 'migrator show 538d70e3-0ca6-45f6-9c51-75e619a9f965'"
    assert alike(said, "tenant_7") == "fingerprint <id>, see 'migrator show <id>'"


def test_a_kind_keeps_its_character_and_more_than_a_hundred_kinds_have_one_each():
    kinds = Kinds()
    letters = [kinds.letter((Condition.BEHIND, str(number), "")) for number in range(200)]
    assert len(set(letters)) == 200
    assert all(len(letter) == 1 for letter in letters)
    assert kinds.letter((Condition.BEHIND, "7", "")) == letters[7]
    assert kinds.table()[letters[7]] == ["b", "7", ""]
    counted = kinds.counts("".join([letters[7], letters[7], letters[8]]))
    assert counted == {"conditions": {"behind": 3}, "versions": {"7": 2, "8": 1}}
