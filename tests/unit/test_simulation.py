"""The model of a fleet that is larger than a machine: its costs, one wave event by event, and where it saturates."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from benchmarks.simulation.costs import THINGS, Cost, Costs, Run, fitted, measured_costs
from benchmarks.simulation.model import roll_out, workers_for
from benchmarks.simulation.site import Site
from benchmarks.simulation.wave import play
from benchmarks.simulation.words import as_markdown

FREE = Costs(**dict.fromkeys(THINGS, Cost()), publishing=0.0)
SMALL = Site(tenants=1_000, databases=10, largest=1, waves=1, workers=10, workers_per_host=10)
ONE_WAVE = {"opening": 0.0, "slice_": 3.0, "publishing": 0.0}


def costing(**costs):
    return replace(FREE, **costs)


def part(rollout, name):
    return next(each for each in rollout.parts if each.name == name)


def test_costs_are_found_again_in_runs_that_were_made_from_them():
    true = Cost(2.0, 0.5, 0.01)
    runs = [Run(d, t, {"lane": true.of(d, t)}) for d, t in ((1, 50), (1, 400), (8, 200))]
    found = fitted(runs, "lane")
    assert (found.execution, found.database, found.tenant) == pytest.approx((2.0, 0.5, 0.01))


def test_a_cost_is_never_negative_however_noisy_the_runs_were():
    runs = [Run(1, 50, {"lane": 5.0}), Run(1, 400, {"lane": 4.0}), Run(8, 200, {"lane": 6.0})]
    found = fitted(runs, "lane")
    assert min(found.execution, found.database, found.tenant) >= 0
    assert found.of(1, 100) > 0


def test_a_part_in_which_the_runs_do_not_differ_is_not_told_from_the_request():
    runs = [Run(1, 50, {"lane": 1.5}), Run(1, 400, {"lane": 5.0})]
    found = fitted(runs, "lane")
    assert (found.execution, found.database, found.tenant) == pytest.approx((1.0, 0.0, 0.01))


@pytest.mark.parametrize("largest", [1, 1.5, 4, 40])
@pytest.mark.parametrize("databases", [1, 7, 2_000])
def test_the_databases_hold_the_whole_fleet_and_no_more(largest, databases):
    site = Site(tenants=1_000_003, databases=databases, largest=largest)
    assert (sum(site.sizes), len(site.sizes)) == (1_000_003, databases)
    assert min(site.sizes) >= 0


def test_the_largest_database_is_as_many_times_the_average_as_was_said():
    sizes = Site(largest=4).sizes
    assert sizes[0] == pytest.approx(4 * 500, rel=0.01)
    assert all(after <= before + 1 for before, after in pairwise(sizes))  # one tenant is what rounding may move


def test_one_worker_does_one_tenant_after_the_other():
    assert play([3, 2], lanes=4, workers=1, each=2.0, **ONE_WAVE).seconds == pytest.approx(10.0)


def test_a_database_is_never_worked_on_by_more_workers_than_it_has_lanes():
    wave = play([100], lanes=2, workers=50, each=1.0, **ONE_WAVE | {"slice_": 1.0})
    assert wave.seconds == pytest.approx(50.0)


def test_with_enough_workers_a_wave_is_as_slow_as_its_largest_database():
    wave = play([80, 10, 10], lanes=1, workers=20, each=0.5, **ONE_WAVE)
    assert wave.seconds == pytest.approx(40.0)


def test_what_does_not_fit_into_a_slice_is_sent_again():
    assert play([10], lanes=1, workers=1, each=1.0, **ONE_WAVE).messages == 4


def test_a_lane_waits_until_it_is_published():
    slow = play([1, 1, 1], lanes=1, workers=3, each=1.0, **ONE_WAVE | {"publishing": 5.0})
    assert slow.seconds == pytest.approx(2 * 5.0 + 5.0)


def test_taking_up_a_lane_is_paid_by_each_lane_that_finds_work():
    wave = play([4], lanes=2, workers=2, each=1.0, **ONE_WAVE | {"opening": 10.0, "slice_": 2.0})
    assert wave.seconds == pytest.approx(12.0)
    assert wave.busy == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("costs", "name"),
    [
        (costing(planning=Cost(tenant=1.0)), "planning, one process"),
        (costing(publishing=10.0), "publishing a wave, one process"),
        (costing(worker_cpu=Cost(tenant=1.0)), "worker hosts, CPU"),
        (costing(target_cpu=Cost(tenant=1.0)), "target servers, CPU"),
        (costing(control_cpu=Cost(tenant=1.0)), "control database, CPU"),
        (costing(commits=Cost(tenant=100.0)), "control database, commits"),
        (costing(broker_cpu=Cost(tenant=1.0)), "broker, one thread"),
    ],
)
def test_the_part_with_the_load_saturates_first_and_its_change_makes_the_rollout_faster(costs, name):
    rollout = roll_out(SMALL, costs)
    assert rollout.first_limit.name == name
    eased = roll_out(rollout.first_limit.eased(SMALL), costs)
    assert part(eased, name).seconds == pytest.approx(rollout.first_limit.seconds / 2)
    assert eased.seconds < rollout.seconds


def test_few_workers_are_the_limit_and_then_the_lanes_of_the_largest_database():
    costs = costing(lane=Cost(tenant=1.0))
    site = replace(SMALL, lane_slice=25.0)
    few, many = roll_out(replace(site, workers=2), costs), roll_out(replace(site, workers=400), costs)
    assert (few.first_limit.name, many.first_limit.name) == ("worker processes", "lanes of the largest database")
    assert few.seconds == pytest.approx(1_000 / 2, rel=0.05)
    assert many.seconds == pytest.approx(100 / site.lanes, rel=0.05)


def test_the_workers_that_are_asked_for_are_just_enough():
    costs = costing(lane=Cost(tenant=1.0))
    needed = workers_for(SMALL, costs, 100.0)
    assert roll_out(replace(SMALL, workers=needed), costs).seconds <= 100.0
    assert roll_out(replace(SMALL, workers=needed - 1), costs).seconds > 100.0


def test_where_workers_are_not_what_is_missing_no_number_is_named():
    assert workers_for(SMALL, costing(planning=Cost(execution=500.0)), 100.0) is None


def test_the_rates_are_the_totals_over_the_time():
    rollout = roll_out(SMALL, costing(lane=Cost(tenant=1.0), commits=Cost(tenant=2.0)))
    assert rollout.commits == 2_000
    assert rollout.rate(rollout.commits) == pytest.approx(2_000 / rollout.seconds)


def test_costs_survive_being_written_down():
    costs = costing(lane=Cost(1.0, 2.0, 3.0), facts={"machine": "two cores"})
    assert Costs.read(costs.as_document()) == costs


def test_the_measured_costs_of_the_repository_answer_for_a_million_tenants():
    said = as_markdown(Site(), measured_costs())
    assert "1,000,000 tenants in 2,000 databases" in said
    assert "saturates first" in said
