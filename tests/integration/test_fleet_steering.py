"""Steering in the ledger: what is forgiven, what is taken up again, and what a refusal must not hide."""

from __future__ import annotations

import pytest
from small_fleet import done, failed, found, lane, opened

from migrator.errors import IllegalStep
from migrator.fleet import events, ledger, refusals, steering, waves
from migrator.fleet.refusals import Refusal
from migrator.model.event import EventType
from migrator.model.execution import ExecutionState
from migrator.model.next_step import Step, next_step
from migrator.model.rollout import Rollout
from migrator.model.target import Scope, Target

ADMIN = Target("admin", "public", Scope.ADMIN)


@pytest.fixture
def halted(store, claim, write):
    """An execution whose first stage failed, halted, its event ended."""
    opened(store, [ADMIN, *found(3)])
    write(failed(claim(lane(database_id="admin"))[0]))
    with store.begin() as connection:
        ledger.move(connection, "e1", ExecutionState.HALTED, "targets failed")
        events.fail(connection, "e1", EventType.MIGRATION_REQUESTED, "halted")


@pytest.fixture
def steer(store):
    def action(name):
        with store.begin() as connection:
            return getattr(steering, name)(connection, "e1", "ann")

    return action


def test_a_failed_stage_halts_an_execution_also_when_other_targets_were_refused(store, claim, write, glance):
    opened(store, [ADMIN, *found(3)])
    with store.begin() as connection:
        refusals.refuse(connection, "e1", [Refusal(Target("eu-1", "tenant_x", Scope.TENANT), 2, "it is taken")])
    write(failed(claim(lane(database_id="admin"))[0]))
    assert glance().stage_failed == 1
    assert next_step(glance(), 30) is Step.HALT


@pytest.mark.usefixtures("halted")
def test_a_resumed_execution_goes_on_to_the_next_stage_and_what_failed_stays_failed(steer, glance, row):
    assert steer("resume")
    assert (row().state, row().failed, row().total) == ("planned", 1, 4)
    assert (glance().stage_failed, next_step(glance(), 30)) == (0, Step.SEND_WAVE)
    assert not steer("resume")


@pytest.mark.usefixtures("halted")
def test_a_retried_execution_takes_up_what_failed_and_forgives_nothing(steer, glance, row, claim, write):
    assert steer("retry") == 4
    assert (row().failed, row().forgiven, glance().stage_failed) == (0, 0, 0)
    assert next_step(glance(), 30) is Step.SEND_WAVE


def soaking(store, claim, write):
    """An execution whose canary is done and that soaks for an hour."""
    opened(store, found(3), rollout=Rollout(canary=1, soak_seconds=3600))
    write(done(claim(lane())[0]))
    with store.begin() as connection:
        waves.soak(connection, "e1")


def test_an_execution_that_was_cancelled_while_it_soaked_goes_on_at_once_when_it_is_retried(
    store, claim, write, steer, glance, row
):
    soaking(store, claim, write)
    assert next_step(glance(), 30) is Step.WAIT
    steer("cancel")
    assert steer("retry") == 2
    assert (row().state, next_step(glance(), 30)) == ("planned", Step.SEND_WAVE)


def test_an_execution_that_was_cancelled_before_its_first_soak_goes_on_at_once_as_well(
    store, claim, write, steer, glance
):
    opened(store, found(3), rollout=Rollout(canary=1, soak_seconds=3600))
    write(done(claim(lane())[0]))
    steer("cancel")
    steer("retry")
    assert next_step(glance(), 30) is Step.SEND_WAVE


def test_the_waves_behind_the_one_that_a_retry_begins_with_soak_as_before(store, claim, write, steer, glance):
    opened(store, found(4), rollout=Rollout(canary=1, wave_size="1", soak_seconds=3600))
    write(done(claim(lane())[0]))
    steer("cancel")
    steer("retry")
    with store.begin() as connection:
        waves.note_sent(connection, "e1", 2)
    write(done(claim(lane(wave=2))[0]))
    assert next_step(glance(), 30) is Step.SOAK


@pytest.mark.usefixtures("halted")
def test_a_retried_target_has_all_its_tries_again_under_a_higher_fence(store, steer, claim):
    steer("retry")
    with store.begin() as connection:
        waves.note_sent(connection, "e1", 2)
    (again,) = claim(lane("other", "admin", wave=2))
    assert (again.fence > 2, again.number) == (True, 1)


def test_the_event_of_an_execution_that_goes_on_is_open_again(store, halted, steer):
    steer("retry")
    with store.begin() as connection:
        event = events.find(connection, "e1")
    assert (event.status, event.error_message) == ("processing", None)


@pytest.mark.usefixtures("halted")
def test_who_did_what_is_written_down_in_order(store, steer):
    steer("resume")
    steer("pause")
    steer("pause")
    steer("cancel")
    with store.begin() as connection:
        noted = [(row.action, row.by) for row in steering.actions(connection, "e1")]
    assert noted == [("resume", "ann"), ("pause", "ann"), ("cancel", "ann")]


def test_what_has_ended_well_cannot_be_steered(store, claim, write, steer):
    opened(store, found(1), rollout=Rollout(canary=0))
    write(done(claim(lane())[0]))
    with store.begin() as connection:
        ledger.move(connection, "e1", ExecutionState.COMPLETED)
    for name, said in (("pause", "paused"), ("cancel", "cancelled"), ("resume", "resumed"), ("retry", "retried")):
        with pytest.raises(IllegalStep, match=f"execution e1 is completed and cannot be {said}"):
            steer(name)
