"""The chaos suite's draw: the same seed is the same round."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

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
