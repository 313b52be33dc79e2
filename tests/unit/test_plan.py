"""The plan: waves, lanes and batches."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.model.plan import count_by_database, lanes_for, make_plan, next_batch
from migrator.model.target import DatabaseKind, Scope, Target

ADMIN = Target("admin-db", "public", Scope.ADMIN)
REGIONAL = Target("shared-db", "public", Scope.REGIONAL)
TENANTS = [Target(database, f"tenant_{n}", Scope.TENANT, f"{database}-{n}") for database in "ba" for n in (2, 1)]


def waves(targets) -> dict[str, int]:
    return {str(planned.target): planned.wave for planned in make_plan(targets).targets}


def test_admin_comes_before_regional_and_regional_before_tenants():
    planned = waves([*TENANTS, REGIONAL, ADMIN])
    assert (planned["admin-db/public"], planned["shared-db/public"], planned["a/tenant_1"]) == (1, 2, 3)
    assert make_plan([*TENANTS, REGIONAL, ADMIN]).waves == 3


@pytest.mark.parametrize(
    ("targets", "expected"), [([], 0), (TENANTS, 1), ([REGIONAL], 1), ([ADMIN, *TENANTS], 2), ([REGIONAL, ADMIN], 2)]
)
def test_a_scope_without_work_has_no_wave(targets, expected):
    plan = make_plan(targets)
    assert plan.waves == expected
    assert {planned.wave for planned in plan.targets} == set(range(1, expected + 1))


def test_targets_of_a_wave_are_in_order_of_database_and_schema():
    ordered = [str(planned.target) for planned in make_plan(TENANTS).targets]
    assert ordered == ["a/tenant_1", "a/tenant_2", "b/tenant_1", "b/tenant_2"]


def test_targets_that_are_current_are_only_counted():
    plan = make_plan([ADMIN], current=12)
    assert (len(plan.targets), plan.current) == (1, 12)


@pytest.mark.parametrize(
    ("counts", "budgets", "lanes"),
    [
        ({"a": 100, "b": 2, "c": 1}, {"a": 4, "b": 4, "c": 4}, {"a": 4, "b": 2, "c": 1}),
        ({"a": 100, "b": 100}, {"a": 1, "b": 9}, {"a": 1, "b": 9}),
        ({"a": 0, "b": 1}, {"a": 4, "b": 4}, {"b": 1}),
        ({"gone": 100}, {"a": 4}, {"gone": 1}),
        ({}, {"a": 4}, {}),
    ],
)
def test_a_database_gets_its_budget_of_lanes_but_no_more_than_it_has_targets(counts, budgets, lanes):
    assert lanes_for(counts, budgets) == lanes


def test_targets_are_counted_by_database():
    assert count_by_database([ADMIN, *TENANTS]) == {"admin-db": 1, "a": 2, "b": 2}


@pytest.mark.parametrize(
    ("previous", "seconds", "size"),
    [(0, 0.0, 4), (4, 1.0, 4), (4, 0.5, 8), (4, 0.01, 8), (4, 0.0, 8), (8, 2.0, 4), (40, 0.5, 50), (50, 0.1, 50)],
)
def test_a_batch_takes_about_a_second_and_at_most_doubles(previous, seconds, size):
    assert next_batch(previous, seconds) == size


@pytest.mark.parametrize("seconds", [3.0, 60.0, 3600.0])
def test_a_slow_batch_still_leads_to_one_target(seconds):
    assert next_batch(2, seconds) == 1


def test_the_first_batch_is_no_larger_than_the_largest():
    assert next_batch(0, 0.0, most=2) == 2


@given(st.integers(0, 50), st.floats(0, 1e6), st.integers(1, 50))
def test_a_batch_has_at_least_one_target_and_never_more_than_the_most(previous, seconds, most):
    assert 1 <= next_batch(previous, seconds, most=most) <= most


@pytest.mark.parametrize(
    ("kind", "scope"),
    [("admin", "admin"), ("shared", "regional"), ("analytics", "regional"), ("tenant", "tenant")],
)
def test_the_kind_of_a_database_decides_the_scope_of_its_migrations(kind, scope):
    assert DatabaseKind(kind).scope == scope
