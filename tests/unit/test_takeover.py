"""Names of holders, and the story of a target that took too many workers with it."""

from __future__ import annotations

import pytest

from migrator.model.execution import Claim, Loss
from migrator.model.holder import LONGEST_NAME, Holder, children_of, lane_name, program_name, spoken, token_of
from tasks.takeover import MOST_LOSSES, lost_too_often

HOLDER = Holder("db-worker-1", 41, 77, "c0ffee00", "0123456789ab")
AT = "2026-11-24T10:15:30.123456+00:00"


def losses(count, alone=True):
    return tuple(Loss(f"host-{number}:1:{number}:c0ffee00:0123456789ab", AT, alone) for number in range(count))


def test_a_holder_is_known_by_its_worker_and_by_its_task_and_by_its_token():
    assert str(HOLDER) == "db-worker-1:41:77:c0ffee00:0123456789ab"
    assert str(HOLDER).startswith(HOLDER.of_its_task)
    assert HOLDER.of_its_task.startswith(children_of("db-worker-1", 41))
    assert not str(HOLDER).startswith(children_of("db-worker-1", 4))
    assert (token_of(str(HOLDER)), spoken(str(HOLDER))) == ("0123456789ab", "db-worker-1, process 77")


@pytest.mark.parametrize("execution", ["e1", "5b0a8a3e-6a1d-4f7e-9d61-2f3c4b5a6d7e", "é" * 100, "x" * 200])
def test_the_token_is_whole_in_every_name_and_no_name_is_longer_than_postgresql_keeps(execution):
    name = lane_name(999, str(HOLDER), execution)
    program = program_name("migrator snapshot", name)
    for each in (name, program):
        assert "0123456789ab" in each.split(" ")
        assert len(each.encode()) <= LONGEST_NAME


def test_a_program_that_works_for_no_lane_keeps_its_plain_name():
    assert program_name("migrator snapshot", "psql") == "migrator snapshot"


def test_a_target_on_which_enough_workers_died_fails_with_their_names_and_times():
    outcome = lost_too_often(Claim("eu-1", "tenant_5", 4, losses=losses(MOST_LOSSES)))
    assert outcome is not None
    assert outcome.failure is not None
    message = outcome.failure.message
    assert "schema tenant_5 in database eu-1 was not tried once more: 3 workers were lost" in message
    assert "host-0, process 0 at 2026-11-24 10:15:30; host-1, process 1 at" in message


def test_losses_with_other_targets_in_hand_prove_nothing():
    assert lost_too_often(Claim("eu-1", "tenant_5", 9, losses=losses(8, alone=False))) is None
    assert lost_too_often(Claim("eu-1", "tenant_5", 3, losses=losses(MOST_LOSSES - 1))) is None
