"""The chaos suite's draw, where the same seed is the same round; and what it calls late."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.chaos.recovery import Recovery, late, overlap
from tests.chaos.report import told
from tests.chaos.schedule import LONGEST_AWAY, LOTS, MOST_STRIKES, Kind, chosen, script_for

ALL = frozenset(Kind)
seeds = st.integers(0, 10**6)


@given(seeds)
def test_a_seed_is_one_script(seed):
    assert script_for(seed, 12, ALL) == script_for(seed, 12, ALL)


def test_seeds_differ_and_every_kind_is_drawn_sooner_or_later():
    scripts = [script_for(seed, 12, ALL) for seed in range(60)]
    assert len({script.strikes for script in scripts}) == 60
    assert {strike.kind for script in scripts for strike in script.strikes} == ALL
    assert {script.rolls_back for script in scripts} == {True, False}
    assert any(script.sign_ups for script in scripts)


@given(seeds, st.floats(2, 60), st.sets(st.sampled_from(sorted(ALL)), min_size=3))
def test_strikes_fall_in_order_in_their_time_and_only_on_what_is_there(seed, seconds, kinds):
    strikes = script_for(seed, seconds, kinds).strikes
    assert 1 <= len(strikes) <= MOST_STRIKES
    assert [strike.at for strike in strikes] == sorted(strike.at for strike in strikes)
    assert all(0 <= strike.at <= seconds + 0.01 and 0 <= strike.away <= LONGEST_AWAY for strike in strikes)
    assert {strike.kind for strike in strikes} <= kinds


def test_every_kind_has_its_lots():
    assert set(LOTS) == ALL


@given(st.lists(st.integers(), min_size=1), st.floats(0, 1, exclude_max=True))
def test_a_pick_is_one_of_the_candidates(candidates, pick):
    assert chosen(candidates, pick) in candidates


def test_nothing_is_picked_where_there_is_nothing():
    assert chosen([], 0.5) is None


@pytest.mark.parametrize(
    ("others", "seconds"),
    [
        ([], 0.0),
        ([(0, 10), (20, 30)], 0.0),
        ([(5, 12)], 2.0),
        ([(18, 40)], 2.0),
        ([(0, 40)], 10.0),
        ([(11, 13), (12, 15)], 4.0),
        ([(12, 13), (11, 16)], 5.0),
    ],
)
def test_what_was_away_at_the_same_time_is_counted_once_however_many_there_were(others, seconds):
    assert overlap(10, 20, others) == seconds


@pytest.mark.parametrize(
    ("recovery", "is_late"),
    [
        (Recovery(Kind.CHILD, 0.1, 4.9), False),
        (Recovery(Kind.CHILD, 0.1, 5.1), True),
        (Recovery(Kind.CHILD, 0.1, None), False),
        (Recovery(Kind.CHILD, 0.1, 8.0, beside=3.5), False),
        (Recovery(Kind.CHILD, 0.1, 9.0, beside=3.5), True),
        (Recovery(Kind.WORKER, 0.1, 9.9), False),
        (Recovery(Kind.WORKER, 0.1, 10.1), True),
        (Recovery(Kind.BEAT, 99.0, 99.0), False),
    ],
)
def test_what_is_late_is_said_by_the_seconds_for_which_nothing_else_can_be_blamed(recovery, is_late):
    assert bool(late([recovery], lease=5)) is is_late


def test_a_late_one_says_what_was_promised_and_that_a_busy_machine_is_no_proof():
    calm, busy = (Recovery(Kind.CHILD, 0.1, 9.0, 3.5, load) for load in (0.5, 7.0))
    said = (
        "late: round 7, worker child: taken over after 9.0 s, 5.5 s of them while nothing else was away, promised are 5"
    )
    assert told(7, calm, 5) == said
    assert told(7, busy, 5) == said + "; the machine was busy, load 7.0 for each core, so it does not count"
