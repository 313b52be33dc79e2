"""The connection budget: never more lanes on a database than it has slots."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from small_fleet import database
from waiting import eventually

from migrator.fleet import lanes, registry
from migrator.fleet.lanes import Budget

BUDGET = Budget(bulk=3, spare=1)
MINUTE = 60.0


@pytest.fixture
def take(store):
    """Takes a slot of a database in a transaction of its own."""
    with store.begin() as connection:
        for name in ("eu-1", "us-1"):
            registry.add_database(connection, database(name))
            lanes.prepare(connection, name, BUDGET)

    def slot(holder, *, budget=BUDGET, seconds=MINUTE, single=False, name="eu-1", most=None):
        with store.begin() as connection:
            return lanes.take(connection, name, holder, budget, seconds, single=single, most=most)

    return slot


def test_the_budget_is_never_exceeded_by_lanes_that_come_at_once(take):
    together = Barrier(8, timeout=20)

    def hurry(number):
        together.wait()
        return take(f"lane {number}")

    with ThreadPoolExecutor(8) as pool:
        slots = list(pool.map(hurry, range(8)))
    assert sorted(slot for slot in slots if slot) == [1, 2, 3]


def test_the_spare_slot_is_kept_for_single_targets(take):
    assert [take(f"lane {n}") for n in range(4)] == [1, 2, 3, None]
    assert take("single", single=True) == 4
    assert take("another single", single=True) is None


def test_a_single_target_takes_a_free_bulk_slot_when_the_spare_one_is_taken(take):
    assert [take(f"single {n}", single=True) for n in range(5)] == [4, 1, 2, 3, None]


def test_without_spare_slots_a_single_target_takes_what_bulk_leaves(take):
    assert take("single", budget=Budget(1, 0), single=True) == 1
    assert take("lane", budget=Budget(1, 0)) is None


def test_one_database_does_not_use_anothers_budget(take):
    assert [take(f"lane {n}") for n in range(3)] == [1, 2, 3]
    assert take("lane", name="us-1") == 1


def test_a_slot_that_was_left_is_free(take, store):
    take("lane 0")
    with store.begin() as connection:
        lanes.leave(connection, "eu-1", "lane 0")
    assert take("lane 1") == 1


def test_leaving_frees_only_the_holders_slot(take, store):
    take("lane 0")
    with store.begin() as connection:
        lanes.leave(connection, "eu-1", "somebody else")
        lanes.leave(connection, "us-1", "lane 0")
    assert take("lane 1") == 2


def test_a_slot_is_free_again_when_its_lease_ran_out(take):
    assert take("dead", budget=Budget(1, 0), seconds=0.05) == 1
    assert eventually(lambda: take("alive", budget=Budget(1, 0))) == 1


def test_a_renewed_slot_stays_taken(take, store, query, control):
    take("lane 0", seconds=0.05)
    with store.begin() as connection:
        lanes.renew(connection, "eu-1", "lane 0", MINUTE)
    left = "SELECT lease_until > now() + interval '50s' FROM migrator.lane WHERE holder = 'lane 0'"
    assert query(control, left) == [(True,)]
    assert take("lane 1") == 2


def test_a_smaller_budget_leaves_the_slots_above_it_unused(take):
    assert take("lane 0", budget=Budget(1, 0)) == 1
    assert take("lane 1", budget=Budget(1, 0)) is None


def test_a_larger_budget_adds_slots_and_keeps_who_has_one(take, store):
    assert take("lane 0") == 1
    with store.begin() as connection:
        lanes.prepare(connection, "eu-1", Budget(5, 1))
        lanes.prepare(connection, "eu-1", Budget(5, 1))
    assert [take(f"late {n}", budget=Budget(5, 1)) for n in range(5)] == [2, 3, 4, 5, None]


def test_a_slower_pace_leaves_the_upper_slots_to_single_targets(take):
    assert [take(f"lane {n}", most=1) for n in range(2)] == [1, None]
    assert [take(f"single {n}", single=True, most=1) for n in range(4)] == [4, 2, 3, None]


def test_a_pace_above_the_budget_gives_no_more_slots(take):
    assert [take(f"lane {n}", most=9) for n in range(4)] == [1, 2, 3, None]


def test_taken_slots_are_counted_and_those_of_the_dead_are_not(take, store):
    take("lane 0")
    take("dead", seconds=0.01)
    with store.begin() as connection:
        assert eventually(lambda: lanes.taken(connection, "eu-1") == 1)
        assert lanes.taken(connection, "us-1") == 0
