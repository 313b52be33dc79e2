"""The plan: waves, lanes and batches."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.model.plan import by_scope, lanes_for, make_plan, next_batch
from migrator.model.rollout import OnHalt, Order, Rollout
from migrator.model.share import Share
from migrator.model.target import DatabaseKind, Scope, Target

ADMIN = Target("admin-db", "public", Scope.ADMIN)
REGIONAL = Target("shared-db", "public", Scope.REGIONAL)
TENANTS = [Target(database, f"tenant_{n}", Scope.TENANT, f"{database}-{n}") for database in "ba" for n in (2, 1)]


ALL = Rollout(canary=0)


def planned(targets, rollout=ALL, **more):
    return make_plan(by_scope(targets), rollout, **more)


def waves(targets, rollout=ALL, **more) -> dict[str, int]:
    return {str(each.target): each.wave for each in planned(targets, rollout, **more).targets}


def tenants(count: int, database: str = "a", **more):
    return [Target(database, f"t{n:03d}", Scope.TENANT, f"{database}-{n}", **more) for n in range(count)]


def sizes_of(plan) -> list[tuple[int, bool]]:
    return [(wave.total, wave.is_canary) for wave in plan.waves]


def test_admin_comes_before_regional_and_regional_before_tenants():
    found = waves([*TENANTS, REGIONAL, ADMIN])
    assert (found["admin-db/public"], found["shared-db/public"], found["a/tenant_1"]) == (1, 2, 3)
    stages = planned([*TENANTS, REGIONAL, ADMIN]).stages
    assert [stage.scope for stage in stages] == [Scope.ADMIN, Scope.REGIONAL, Scope.TENANT]


@pytest.mark.parametrize(
    ("targets", "expected"), [([], 0), (TENANTS, 1), ([REGIONAL], 1), ([ADMIN, *TENANTS], 2), ([REGIONAL, ADMIN], 2)]
)
def test_a_scope_without_work_has_no_wave(targets, expected):
    plan = planned(targets)
    assert len(plan.waves) == expected
    assert {each.wave for each in plan.targets} == set(range(1, expected + 1))


def test_targets_of_a_wave_come_from_each_database_in_turn():
    ordered = [str(each.target) for each in planned(TENANTS).targets]
    assert ordered == ["a/tenant_1", "b/tenant_1", "a/tenant_2", "b/tenant_2"]


def test_targets_that_are_current_are_only_counted():
    plan = planned([ADMIN], current=12)
    assert (plan.total, plan.current) == (1, 12)


@pytest.mark.parametrize(
    ("rollout", "expected"),
    [
        (Rollout(), [(1, True), (19, False)]),
        (Rollout(canary=0), [(20, False)]),
        (Rollout(canary=20), [(20, False)]),
        (Rollout(canary=3, wave_size="25%"), [(3, True), (5, False), (5, False), (5, False), (2, False)]),
        (Rollout(canary=0, wave_size="8"), [(8, False), (8, False), (4, False)]),
        (Rollout(canary=0, wave_size="1%"), [(1, False)] * 20),
        (Rollout(canary_tenants=("a-7", "a-9")), [(2, True), (18, False)]),
        (Rollout(canary_labels={"tier": "beta"}), [(20, False)]),
    ],
)
def test_the_canary_goes_first_and_the_rest_in_waves_of_the_size_asked_for(rollout, expected):
    assert sizes_of(planned(tenants(20), rollout)) == expected


def test_a_label_chooses_the_canary():
    targets = [*tenants(3), *tenants(2, "b", labels=(("tier", "beta"),))]
    found = waves(targets, Rollout(canary_labels={"tier": "beta"}))
    assert {name for name, wave in found.items() if wave == 1} == {"b/t000", "b/t001"}


def test_a_single_target_is_no_canary():
    assert sizes_of(planned([ADMIN], Rollout())) == [(1, False)]


def test_targets_named_first_and_last_are_first_and_last_of_all():
    rollout = Rollout(canary=0, wave_size="2", first=("t004",), last=("a-0",))
    assert [str(each.target) for each in planned(tenants(5), rollout).targets] == [
        "a/t004",
        "a/t001",
        "a/t002",
        "a/t003",
        "a/t000",
    ]


def test_the_smallest_come_first_when_asked_for():
    targets = tenants(3)
    sizes = dict(zip(targets, (30, 10, 20), strict=True))
    plan = planned(targets, Rollout(canary=0, order=Order.SMALLEST), sizes=sizes)
    assert [each.target.schema_name for each in plan.targets] == ["t001", "t002", "t000"]


@pytest.mark.parametrize(
    ("rollout", "is_canary", "most"),
    [
        (Rollout(), True, 0),
        (Rollout(), False, None),
        (Rollout(max_wave_failures="10%"), False, 2),
        (Rollout(max_wave_failures="3"), False, 3),
        (Rollout(max_wave_failures="3"), True, 0),
        (Rollout(force=True, max_wave_failures="3"), True, None),
    ],
)
def test_no_target_of_a_canary_may_fail_and_others_as_the_budget_says(rollout, is_canary, most):
    assert rollout.most_wave_failures(20, is_canary=is_canary) == most


@given(
    count=st.integers(0, 60),
    canary=st.integers(0, 5),
    size=st.one_of(st.integers(1, 70).map(str), st.integers(1, 100).map("{}%".format)),
)
def test_every_target_is_in_just_one_wave_and_waves_are_counted_without_gaps(count, canary, size):
    plan = planned(tenants(count), Rollout(canary=canary, wave_size=size))
    assert sorted(each.target.schema_name for each in plan.targets) == [t.schema_name for t in tenants(count)]
    assert [wave.number for wave in plan.waves] == list(range(1, len(plan.waves) + 1))
    for wave in plan.waves:
        assert wave.total == sum(each.wave == wave.number for each in plan.targets)


@pytest.mark.parametrize(
    ("text", "total", "number"),
    [("5", 3, 5), ("1%", 500, 5), ("1%", 99, 0), ("2.5%", 1000, 25), ("100%", 7, 7), ("0", 9, 0), ("3 %", 100, 3)],
)
def test_a_share_is_a_number_or_a_per_cent_rounded_down(text, total, number):
    assert Share.read(text).of(total) == number


@pytest.mark.parametrize("text", ["", "x", "-1", "101%", "1.5", "1e3", "%", "1%%"])
def test_what_is_no_share_is_refused(text):
    with pytest.raises(ValueError, match="targets"):
        Share.read(text)


def test_a_rollout_is_stored_as_what_differs_from_the_defaults_and_read_back():
    rollout = Rollout(canary=3, on_halt=OnHalt.ROLLBACK, first=("a",), canary_labels={"tier": "beta"})
    stored = json.loads(json.dumps(rollout.as_options()))
    assert set(stored) == {"canary", "on_halt", "first", "canary_labels"}
    assert Rollout.read(stored | {"of_a_later_release": 1}) == rollout


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
