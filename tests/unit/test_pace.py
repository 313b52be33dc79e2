"""The pace: up by one while it pays, down by half as soon as somebody is hurt, and why."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.model.pace import Move, Pace, PaceLimits, Seen, full_pace, next_pace, within_budget
from migrator.model.plan import next_batch

LIMITS = PaceLimits(budget=8)
AT_FOUR = Pace(lanes=4, batch=10)
WELL = Seen(done=40, seconds=1.0, lanes=4)


def changed(seen=WELL, pace=AT_FOUR, limits=LIMITS) -> tuple[str, int]:
    after = next_pace(pace, seen, limits)
    return after.move.value, after.lanes


@pytest.mark.parametrize(
    ("seen", "expected", "reason"),
    [
        ({}, ("grow", 5), "4 lanes do well, one more is tried"),
        ({"retries": 1}, ("halve", 2), "1 statements were refused for now: lock timeouts or deadlocks"),
        ({"lag_seconds": 10.1}, ("halve", 2), "a replica is 10 s behind, the limit is 10 s"),
        ({"lag_seconds": 9.9}, ("hold", 4), "a replica is 10 s behind"),
        ({"lag_seconds": 5.0}, ("grow", 5), "one more"),
        ({"lag_seconds": None}, ("grow", 5), "one more"),
        ({"lock_waits": 2}, ("hold", 4), "2 sessions wait for a lock"),
        ({"failures": 3}, ("hold", 4), "3 targets failed"),
        ({"failures": 3, "retries": 1}, ("halve", 2), "refused for now"),
        ({"done": 0}, ("hold", 4), "say nothing about this pace"),
        ({"lanes": 3}, ("hold", 4), "40 targets by 3 of 4 lanes"),
        ({"active": 1000}, ("grow", 5), "one more"),
    ],
)
def test_what_was_seen_decides_and_the_reason_says_so(seen, expected, reason):
    assert changed(replace(WELL, **seen)) == expected
    assert reason in next_pace(AT_FOUR, replace(WELL, **seen), LIMITS).reason


@pytest.mark.parametrize(("active", "expected"), [(16, ("grow", 5)), (17, ("halve", 2))])
def test_a_busy_server_is_given_room_where_a_limit_is_set(active, expected):
    assert changed(replace(WELL, active=active), limits=replace(LIMITS, active=16)) == expected


@pytest.mark.parametrize(
    ("rate", "expected"),
    [(50, ("grow", 6)), (44, ("grow", 6)), (42, ("back", 4)), (40, ("back", 4)), (35, ("back", 4)), (33, ("halve", 2))],
)
def test_a_lane_more_is_kept_when_it_does_its_share_and_costs_half_when_it_does_harm(rate, expected):
    tried = Pace(lanes=5, batch=10, move=Move.GROW, rate=40.0)
    after = next_pace(tried, Seen(done=rate, seconds=1.0, lanes=5), LIMITS)
    assert (after.move.value, after.lanes) == expected
    assert after.ceiling == (None if expected[0] == "grow" else 5)


def test_a_lane_that_did_not_pay_is_tried_again_after_some_calm():
    pace = Pace(lanes=4, batch=10, ceiling=5)
    moves = []
    for _ in range(LIMITS.patience):
        pace = next_pace(pace, WELL, LIMITS)
        moves.append((pace.move.value, pace.lanes))
    assert moves == [("hold", 4)] * (LIMITS.patience - 1) + [("grow", 5)]


def test_looks_at_which_somebody_waited_are_not_calm():
    pace = Pace(lanes=4, batch=10, ceiling=5)
    for _ in range(LIMITS.patience * 3):
        pace = next_pace(pace, replace(WELL, lock_waits=1), LIMITS)
    assert (pace.lanes, pace.calm) == (4, 0)


def test_the_budget_is_the_end_of_growth():
    after = next_pace(Pace(lanes=8, batch=10), replace(WELL, lanes=8), LIMITS)
    assert (after.move, after.lanes, after.reason) == (Move.HOLD, 8, "all 8 lanes of the budget are at work")


def test_a_budget_that_shrank_is_kept_at_once():
    assert changed(pace=Pace(lanes=8, batch=10, move=Move.GROW, rate=1.0), limits=replace(LIMITS, budget=3)) == (
        "hold",
        3,
    )


def test_one_lane_stays_whatever_happens():
    assert changed(Seen(done=0, seconds=1.0, lanes=1, retries=9), Pace()) == ("halve", 1)


@pytest.mark.parametrize("seconds", [0.1, 0.5, 1.0, 2.0, 60.0])
def test_a_batch_is_what_one_lane_does_in_about_a_second(seconds):
    after = next_pace(AT_FOUR, Seen(done=40, seconds=seconds, lanes=4), LIMITS)
    assert after.batch == next_batch(10, seconds)


def test_a_batch_is_halved_when_somebody_is_hurt():
    assert next_pace(AT_FOUR, replace(WELL, seconds=0.1, retries=1), LIMITS).batch == 5


def test_the_first_batch_is_small():
    assert next_pace(Pace(), replace(WELL, lanes=1), LIMITS).batch == next_batch(0, 0.0)


def saturating(knee):
    """A server that does no more than ``knee`` lanes' work."""
    return lambda lanes: 10.0 * min(lanes, knee)


def thrashing(knee):
    """A server that does less with each lane above ``knee``."""
    return lambda lanes: 10.0 * lanes if lanes <= knee else 10.0 * knee * 0.8 ** (lanes - knee)


def ridden(server, rounds, *, noise=0.0, hurts_above=99, budget=12) -> list[int]:
    """The lanes of each round on a simulated server."""
    chance, pace, lanes = random.Random(7), Pace(), []
    for _ in range(rounds):
        lanes.append(pace.lanes)
        done = round(server(pace.lanes) * 10 * chance.uniform(1 - noise, 1 + noise))
        retries = int(pace.lanes > hurts_above)
        pace = next_pace(pace, Seen(done, 10.0, pace.lanes, retries=retries), PaceLimits(budget=budget))
    return lanes


@pytest.mark.parametrize("knee", [1, 2, 4, 6, 9, 12])
@pytest.mark.parametrize("server", [saturating, thrashing])
def test_it_finds_the_knee_of_a_server_and_stays_there(server, knee):
    lanes = ridden(server(knee), 200)
    assert knee in lanes[: knee + 2]
    settled = lanes[30:]
    assert settled.count(knee) >= 0.6 * len(settled)
    assert max(settled) <= knee + 1
    work = sum(map(server(knee), settled)) / len(settled)
    assert work >= 0.85 * server(knee)(knee)


@pytest.mark.parametrize("knee", [2, 4, 8])
def test_it_finds_the_knee_also_when_every_look_is_ten_per_cent_off(knee):
    settled = ridden(saturating(knee), 300, noise=0.1)[30:]
    work = sum(map(saturating(knee), settled)) / len(settled)
    assert work >= 0.8 * saturating(knee)(knee)


@pytest.mark.parametrize("harmless", [1, 3, 5, 7])
def test_where_more_lanes_run_into_locks_it_mostly_stays_below(harmless):
    settled = ridden(saturating(99), 200, hurts_above=harmless)[20:]
    assert max(settled) == harmless + 1
    assert settled.count(harmless + 1) <= len(settled) / LIMITS.patience
    assert sum(settled) / len(settled) >= 0.75 * harmless


numbers = st.integers(0, 10_000)
durations = st.floats(0, 1e9)


@given(
    pace=st.builds(
        Pace,
        lanes=numbers,
        batch=numbers,
        move=st.sampled_from(Move),
        rate=durations,
        ceiling=st.none() | numbers,
        calm=numbers,
    ),
    seen=st.builds(
        Seen,
        done=numbers,
        seconds=durations,
        lanes=numbers,
        retries=st.integers(0, 3),
        lock_waits=st.integers(0, 3),
        failures=st.integers(0, 3),
        lag_seconds=st.none() | durations,
        active=numbers,
    ),
    limits=st.builds(PaceLimits, budget=numbers, most=st.integers(1, 100), active=st.none() | numbers),
)
def test_never_above_the_budget_and_never_below_one_whatever_was_seen(pace, seen, limits):
    after = next_pace(pace, seen, limits)
    assert 1 <= after.lanes <= max(limits.budget, 1)
    assert 1 <= after.batch <= limits.most
    assert after.lanes <= max(pace.lanes, 1) + 1
    assert after.reason


@pytest.mark.parametrize(
    ("lanes", "was", "budget", "expected"), [(4, 4, 8, 8), (3, 4, 8, 3), (4, 4, 2, 2), (3, 4, 2, 2), (1, 4, 4, 1)]
)
def test_a_pace_below_its_budget_is_kept_within_another_one(lanes, was, budget, expected):
    assert within_budget(Pace(lanes, 10), was, budget).lanes == expected


def test_the_beginning_is_the_whole_budget_with_batches_that_its_first_look_does_not_cut():
    begun = full_pace(4)
    after = next_pace(begun, Seen(done=400, seconds=1.0, lanes=4), PaceLimits(4))
    assert (begun.lanes, after.lanes, after.batch) == (4, 4, PaceLimits(4).most)
