"""The circuit breaker: when it opens, who may try, and that it never stays shut."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.model import breaker as model
from migrator.model.breaker import Breaker, BreakerState, Permit, Thresholds

MOST = Thresholds(failures=3, window=60, open_seconds=15, longest=100, probe_seconds=30, probe_pause=1)
NO_PROBE = Permit()
CLOSED, OPEN, HALF_OPEN = BreakerState.CLOSED, BreakerState.OPEN, BreakerState.HALF_OPEN
SHUT = Breaker(OPEN, 3, since=100, openings=1, open_until=115, reason="refused")
PROBED = replace(SHUT, state=HALF_OPEN, probe=1, probe_until=150)


def failing(breaker, *moments, permit=NO_PROBE):
    for now in moments:
        breaker = model.failed(breaker, permit, now, "refused", MOST)
    return breaker


@pytest.mark.parametrize(
    ("moments", "state", "failures"),
    [
        ([], CLOSED, 0),
        ([1, 2], CLOSED, 2),
        ([1, 2, 3], OPEN, 3),
        ([1, 2, 60.9], OPEN, 3),
        ([1, 2, 61], CLOSED, 1),
        ([1, 2, 61, 62, 63], OPEN, 3),
    ],
)
def test_so_many_failures_within_the_window_open_it(moments, state, failures):
    breaker = failing(Breaker(), *moments)
    assert (breaker.state, breaker.failures) == (state, failures)


def test_a_success_between_failures_begins_the_count_anew():
    breaker = failing(model.succeeded(failing(Breaker(), 1, 2), Permit()), 3, 4)
    assert (breaker.state, breaker.failures, breaker.since) == (CLOSED, 2, 3)


@pytest.mark.parametrize(
    ("breaker", "now", "permit"),
    [
        (Breaker(), 0, Permit()),
        (failing(Breaker(), 1, 2), 3, Permit()),
        (SHUT, 105, Permit(granted=False, wait=10)),
        (SHUT, 115, Permit(probe=1)),
        (PROBED, 120, Permit(granted=False, wait=1)),
        (PROBED, 149.5, Permit(granted=False, wait=0.5)),
        (PROBED, 150, Permit(probe=2)),
        (replace(PROBED, probe_until=0), 120, Permit(probe=2)),
        (model.held(Breaker(), 5, "ann"), 10_000, Permit(granted=False, wait=100)),
    ],
)
def test_everybody_may_try_while_it_is_closed_nobody_while_it_is_open_and_one_probe_after_that(breaker, now, permit):
    assert model.allow(breaker, now, MOST)[1] == permit


@pytest.mark.parametrize(("openings", "span"), [(1, 30), (2, 60), (3, 100), (40, 100), (5000, 100)])
def test_each_probe_that_fails_doubles_the_time_up_to_the_longest(openings, span):
    breaker = failing(replace(PROBED, openings=openings), 200, permit=Permit(probe=1))
    assert (breaker.state, breaker.open_until, breaker.openings) == (OPEN, 200 + span, openings + 1)
    assert breaker.since == SHUT.since


def test_a_probe_that_got_through_closes_it():
    assert model.succeeded(PROBED, Permit(probe=1)) == Breaker(probe=1)


@pytest.mark.parametrize("breaker", [SHUT, PROBED, model.held(SHUT, 5, "ann")])
@pytest.mark.parametrize("permit", [Permit(), Permit(probe=7)])
def test_on_a_breaker_that_is_not_closed_only_the_answer_of_its_probe_counts(breaker, permit):
    assert failing(breaker, 120, permit=permit) == breaker
    assert model.succeeded(breaker, permit) == breaker
    assert model.given_back(breaker, permit) == breaker


def test_a_probe_that_was_not_used_leaves_its_place_to_the_next_one():
    given_back = model.given_back(PROBED, Permit(probe=1))
    assert model.allow(given_back, 121, MOST)[1] == Permit(probe=2)


def test_an_operator_holds_it_open_and_resets_it():
    held = model.held(failing(Breaker(probe=4), 1), 9, "opened by ann")
    assert (held.state, held.since, held.is_held, held.reason) == (OPEN, 1, True, "opened by ann")
    assert model.reset(held) == Breaker(probe=4)


@pytest.mark.parametrize(
    ("breaker", "now", "hopeless"),
    [
        (failing(Breaker(), 1, 2), 900, False),
        (replace(SHUT, open_until=800), 699, False),
        (replace(SHUT, open_until=800), 700, True),
        (replace(SHUT, open_until=800), 800, False),
        (replace(PROBED, probe_until=900), 850, False),
        (model.held(SHUT, 5, "ann"), 9000, False),
    ],
    ids=["closed", "in time", "over", "a probe is due", "a probe is on its way", "held"],
)
def test_waiting_is_hopeless_when_nobody_got_through_for_too_long_and_the_last_probe_failed(breaker, now, hopeless):
    assert model.is_hopeless(breaker, now, 600) is hopeless


actions = st.lists(
    st.tuples(st.sampled_from(["allow", "succeed", "fail", "give back"]), st.floats(0, 50), st.integers(0, 3)),
    max_size=80,
)


def walked(steps):
    """Several workers ask, answer, or die with their permit in hand; yields after each step."""
    breaker, now, permits, probes = Breaker(), 0.0, [], {}
    for action, seconds, which in steps:
        now += seconds
        if action == "allow":
            breaker, permit = model.allow(breaker, now, MOST)
            if permit.granted:
                permits.append(permit)
            if permit.probe:
                probes[permit.probe] = now + MOST.probe_seconds
        elif permits:
            permit = permits.pop(which % len(permits))
            probes.pop(permit.probe, None)
            if action == "succeed":
                breaker = model.succeeded(breaker, permit)
            elif action == "fail":
                breaker = model.failed(breaker, permit, now, "refused", MOST)
            else:
                breaker = model.given_back(breaker, permit)
        yield breaker, now, probes


@given(actions)
def test_there_are_never_two_probes_at_once(steps):
    for breaker, now, probes in walked(steps):
        assert sum(now < until for until in probes.values()) <= (breaker.state is not CLOSED)


@given(actions)
def test_an_open_breaker_lets_a_probe_through_in_time_whoever_died(steps):
    for breaker, now, _ in walked(steps):
        later, permit = model.allow(breaker, now + max(MOST.longest, MOST.probe_seconds), MOST)
        assert permit.granted
        assert later.state in (CLOSED, HALF_OPEN)
        assert 0 <= model.waiting(breaker, now, MOST) <= MOST.longest
