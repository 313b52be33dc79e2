"""The pace of a database: lanes report, one of them decides, all of them keep to it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from small_fleet import found, lane, opened

from migrator.fleet import lanes, pace
from migrator.fleet.lanes import Budget
from migrator.model.facts import Load
from migrator.model.pace import Move, PaceLimits, Tally

QUIET = Load(lock_waits=0, active=0, lag_seconds=0.0, lag_bytes=0)
FOUR = PaceLimits(4)


@pytest.fixture(autouse=True)
def known(store):
    """An execution with targets in eu-1, whose database has four slots and a spare one."""
    opened(store, found(10))
    with store.begin() as connection:
        lanes.prepare(connection, "eu-1", Budget(4, 1))


@pytest.fixture
def begin(store):
    def shift(budget=4, execution="e1"):
        with store.begin() as connection:
            return pace.begin(connection, lane(execution=execution), budget)

    return shift


@pytest.fixture
def report(store, begin):
    """Reports as a lane does; returns the batch and the seconds measured."""
    begin()

    def tally(slot=1, seconds=1.0, execution="e1", **more):
        with store.begin() as connection:
            return pace.report(connection, lane(execution=execution), Tally(slot, seconds, **more))

    return tally


@pytest.fixture
def decide(store):
    def decided(every=0.0, limits=FOUR, load=QUIET, execution="e1"):
        with store.begin() as connection:
            return pace.decide(connection, lane(execution=execution), load, limits, every=every, bulk=4)

    return decided


@pytest.fixture
def kept(query, control):
    """What the row of a database says."""
    return lambda columns: query(control, f"SELECT {columns} FROM migrator.pace WHERE database_id = 'eu-1'")[0]


def test_a_database_of_which_nothing_is_known_begins_with_its_whole_budget(begin):
    found_ = begin()
    assert (found_.lanes, found_.batch) == (4, FOUR.most)
    assert found_.reason == "all 4 lanes of the budget, nothing was measured yet"


def test_what_the_lanes_did_is_added_up(report, kept):
    report(1, done=5, failed=1, refused=2)
    report(2, done=7)
    report(1, done=1)
    assert kept("done, failed, refused, slots") == (13, 1, 2, [2, 1])


def test_rest_is_not_taken_for_slowness(report, query, control, kept):
    report(done=5)
    query(control, "UPDATE migrator.pace SET began_at = began_at - interval '1h', reported_at = now() - interval '9s'")
    _, seconds = report(2, 1.0, done=7)
    assert 1.0 <= seconds < 60
    assert kept("done, slots") == (7, [2])


def test_a_lane_that_was_long_at_one_target_has_not_rested(report, query, control, kept):
    report(done=5)
    query(control, "UPDATE migrator.pace SET began_at = began_at - interval '1h', reported_at = now() - interval '9s'")
    _, seconds = report(2, 60.0, done=1)
    assert seconds > 3600
    assert kept("done, slots") == (6, [1, 2])


def test_refusals_halve_the_lanes_of_every_shift_that_follows(report, decide, begin, kept):
    report(done=5, refused=2)
    assert (decide().move, begin().lanes) == (Move.HALVE, 2)
    assert kept("done, refused, slots, execution_id") == (0, 0, [], "e1")


def test_slow_targets_bind_the_next_shifts_of_their_execution_and_no_other(report, decide, begin, query, control):
    report(done=5)
    query(control, "UPDATE migrator.pace SET began_at = began_at - interval '50s'")
    assert decide().batch < FOUR.most
    assert begin().batch < FOUR.most
    assert begin(execution="e2").batch == FOUR.most
    assert report(execution="e2")[0] == FOUR.most


def test_batches_that_were_halved_because_of_harm_are_halved_for_everybody(report, decide, begin):
    report(done=50, refused=1)
    assert decide().batch == FOUR.most // 2
    assert begin(execution="e2").batch == FOUR.most // 2


@pytest.mark.parametrize(
    ("load", "reason"),
    [(Load(3, 1, 0.0, 0), "3 sessions wait for a lock"), (Load(0, 1, 40.0, 0), "a replica is 40 s behind")],
)
def test_what_the_server_bears_is_seen(report, decide, load, reason):
    report(done=5)
    assert decide(load=load).reason.startswith(reason)


def test_a_load_that_could_not_be_asked_for_is_not_held_against_the_database(report, decide):
    report(done=5, refused=1)
    assert decide(load=None).lanes == 2


def test_the_slots_of_all_lanes_that_reported_or_are_at_work_are_counted(report, decide, store):
    report(1, done=5)
    report(5, done=5)  # a spare one
    with store.begin() as connection:
        lanes.take(connection, "eu-1", "a", Budget(4, 1), 60)
        lanes.take(connection, "eu-1", "b", Budget(4, 1), 60)
    assert decide().reason == "10 targets by 2 of 4 lanes say nothing about this pace"


def test_nothing_is_decided_before_it_is_time(report, decide):
    report(done=5, refused=1)
    assert decide(every=3600) is None


def test_of_lanes_that_come_at_once_one_decides_and_nobody_waits(report, store, query, control):
    report(done=5, refused=1)
    query(control, "UPDATE migrator.pace SET began_at = began_at - interval '1h'")
    together = Barrier(4, timeout=20)

    def come(number):
        together.wait()
        with store.begin() as connection:
            connection.exec_driver_sql("SET LOCAL lock_timeout = '100ms'")
            made = pace.decide(connection, lane(f"lane {number}"), QUIET, FOUR, every=600, bulk=4)
            if made is None:
                return None
            together.wait()  # holds its decision until the others came to theirs
            return made

    def come_and_wait(number):
        made = come(number)
        if made is None:
            together.wait()
        return made

    with ThreadPoolExecutor(4) as pool:
        decided = [made for made in pool.map(come_and_wait, range(4)) if made]
    assert [made.lanes for made in decided] == [2]


def test_a_pace_that_is_older_than_some_minutes_is_forgotten(report, decide, begin, query, control):
    report(done=5, refused=1)
    decide()
    query(control, "UPDATE migrator.pace SET decided_at = now() - interval '299s'")
    assert begin().lanes == 2
    query(control, "UPDATE migrator.pace SET decided_at = now() - interval '301s'")
    assert begin().lanes == 4
    assert begin().lanes == 4


def test_an_execution_with_fewer_lanes_does_not_slow_the_next_one_down(report, decide, begin):
    report(done=5)
    assert decide(limits=PaceLimits(2)).lanes == 2
    assert (begin(2).lanes, begin(4).lanes) == (2, 4)


def test_what_was_decided_is_told_with_its_reasons(report, decide, store):
    report(done=5, refused=1)
    decide()
    report(1, done=5)
    report(2, done=5)
    decide()
    with store.begin() as connection:
        [told] = pace.paces(connection, "e1")
    assert (told["database"], told["lanes"], told["reason"]) == ("eu-1", 3, "2 lanes do well, one more is tried")
    assert [change["lanes"] for change in told["changes"]] == [2, 3]
    assert told["changes"][0]["reason"].startswith("1 statements were refused for now")


def test_an_execution_is_told_its_own_end_after_another_went_on(report, decide, store):
    report(done=5, refused=1)
    decide()
    opened(store, found(1, "us-1"), "e2")
    report(done=5, refused=1)
    decide(execution="e2")
    with store.begin() as connection:
        [told], [later] = pace.paces(connection, "e1"), pace.paces(connection, "e2")
    assert (told["lanes"], len(told["changes"]), later["lanes"], len(later["changes"])) == (2, 1, 1, 1)


def test_the_oldest_changes_are_forgotten(report, decide, begin, query, control):
    for _ in range(pace.MOST_CHANGES + 3):
        query(control, "UPDATE migrator.pace SET lanes = 4, move = 'hold'")
        report(done=5, refused=1)
        decide()
    [(count,)] = query(control, "SELECT jsonb_array_length(changes) FROM migrator.pace")
    assert count == pace.MOST_CHANGES
