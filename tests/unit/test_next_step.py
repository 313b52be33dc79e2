"""What an execution does next, and whether it lies still."""

from __future__ import annotations

import pytest

from migrator.errors import IllegalStep
from migrator.model.execution import LEGAL, ExecutionState, check_step
from migrator.model.next_step import Standing, Step, next_step
from tasks.upkeep import lies_still

PATIENCE = 30.0


def standing(**changes) -> Standing:
    """The first of two waves is out and all of it ended well, a moment ago."""
    usual = {"state": ExecutionState.RUNNING, "wave": 1, "waves": 2, "pending": 0, "held": 0, "failed": 0}
    return Standing(**(usual | {"quiet_seconds": 0.5, "drives": 0} | changes))


@pytest.mark.parametrize(
    ("changes", "step"),
    [
        ({"wave": 0}, Step.SEND_WAVE),
        ({"wave": 0, "waves": 0}, Step.FINISH),
        ({}, Step.SEND_WAVE),
        ({"failed": 1}, Step.SEND_WAVE),
        ({"failed": 1, "stage_ends": True, "stage_failed": 1}, Step.HALT),
        ({"failed": 1, "stage_ends": True, "stage_failed": 1, "is_forced": True}, Step.SEND_WAVE),
        ({"stage_ends": True}, Step.SEND_WAVE),
        ({"failed": 1, "is_over_budget": True}, Step.HALT),
        ({"pending": 3, "is_over_budget": True}, Step.HALT),
        ({"pending": 3, "held": 1, "is_over_budget": True}, Step.WAIT),
        ({"pending": 3, "held": 1, "lost": 1}, Step.REPLACE),
        ({"pending": 1, "lost": 1, "quiet_seconds": 0.0, "drives": 9}, Step.REPLACE),
        ({"pending": 1, "lost": 1, "is_over_budget": True}, Step.HALT),
        ({"pending": 1, "held": 1, "lost": 1, "is_closed": True}, Step.WAIT),
        ({"pending": 1, "lost": 1, "state": ExecutionState.PAUSED}, Step.WAIT),
        ({"wave": 2, "failed": 1, "is_over_budget": True}, Step.FINISH),
        ({"wave": 2, "pending": 1, "is_over_budget": True}, Step.HALT),
        ({"soaks": True}, Step.SOAK),
        ({"soaks": True, "wave": 2}, Step.FINISH),
        ({"is_closed": True}, Step.ROLL_OVER),
        ({"is_closed": True, "pending": 4}, Step.ROLL_OVER),
        ({"is_closed": True, "pending": 4, "held": 1}, Step.WAIT),
        ({"is_closed": True, "wave": 2}, Step.FINISH),
        ({"wave": 2}, Step.FINISH),
        ({"wave": 2, "failed": 3}, Step.FINISH),
        ({"held": 1}, Step.WAIT),
        ({"held": 1, "pending": 5, "quiet_seconds": 1000.0}, Step.WAIT),
        ({"held": 1, "failed": 1}, Step.WAIT),
        ({"pending": 5}, Step.WAIT),
        ({"pending": 5, "failed": 2}, Step.WAIT),
        ({"pending": 5, "quiet_seconds": 29.9}, Step.WAIT),
        ({"pending": 5, "quiet_seconds": 30.0}, Step.SEND_AGAIN),
        ({"pending": 5, "wave": 2, "quiet_seconds": 30.0}, Step.SEND_AGAIN),
        ({"pending": 5, "quiet_seconds": -20.0}, Step.WAIT),
    ],
)
def test_the_next_step_of_a_running_execution(changes, step):
    assert next_step(standing(**changes), PATIENCE) is step


@pytest.mark.parametrize(
    ("drives", "patience"), [(0, 30), (1, 60), (2, 120), (3, 240), (4, 480), (5, 960), (6, 960), (40, 960)]
)
def test_patience_doubles_each_time_lanes_were_taken_for_lost_up_to_a_limit(drives, patience):
    patient = standing(pending=1, drives=drives, quiet_seconds=patience - 0.1)
    assert next_step(patient, PATIENCE) is Step.WAIT
    assert next_step(standing(pending=1, drives=drives, quiet_seconds=patience), PATIENCE) is Step.SEND_AGAIN


@pytest.mark.parametrize(
    ("changes", "step"),
    [
        ({"state": "pending", "wave": 0, "is_blocked": True}, Step.WAIT),
        ({"state": "pending", "wave": 0}, Step.SEND_WAVE),
        ({"state": "pending", "wave": 0, "waves": 0}, Step.FINISH),
        ({"state": "planned", "wave": 0, "due_in": 5.0}, Step.WAIT),
        ({"state": "planned", "wave": 0, "due_in": 0.0}, Step.SEND_WAVE),
        ({"state": "planned", "pending": 3, "due_in": 0.0}, Step.SEND_AGAIN),
        ({"state": "planned", "pending": 0, "due_in": 0.0}, Step.SEND_WAVE),
        ({"state": "planned", "pending": 0, "soaks": True}, Step.SEND_WAVE),
        ({"state": "planned", "pending": 0, "held": 2}, Step.SEND_AGAIN),
        ({"state": "planned", "pending": 0, "is_over_budget": True}, Step.HALT),
        ({"state": "planned", "pending": 0, "stage_ends": True, "stage_failed": 1}, Step.HALT),
        ({"state": "planned", "wave": 2}, Step.FINISH),
        ({"state": "planned", "pending": 3, "is_closed": True}, Step.ROLL_OVER),
        ({"state": "planned", "pending": 3, "is_blocked": True}, Step.WAIT),
        ({"state": "pending", "wave": 0, "is_closed": True}, Step.ROLL_OVER),
        ({"state": "soaking", "is_closed": True}, Step.SEND_WAVE),
        ({"state": "soaking", "due_in": 0.1}, Step.WAIT),
        ({"state": "soaking", "due_in": 0.0}, Step.SEND_WAVE),
        ({"state": "paused", "pending": 3, "quiet_seconds": 1e6}, Step.WAIT),
        ({"state": "paused"}, Step.WAIT),
    ],
)
def test_the_next_step_of_an_execution_that_waits(changes, step):
    assert next_step(standing(**changes | {"state": ExecutionState(changes["state"])}), PATIENCE) is step


@pytest.mark.parametrize("state", [state for state in ExecutionState if state.is_end])
@pytest.mark.parametrize("changes", [{"wave": 0}, {"pending": 5, "quiet_seconds": 99.0}, {"failed": 1}])
def test_an_execution_that_has_ended_stays_ended(state, changes):
    assert next_step(standing(state=state, **changes), PATIENCE) is Step.FINISH


@pytest.mark.parametrize("state", [state for state in ExecutionState if state.is_end])
def test_an_execution_that_has_ended_gives_its_report_when_the_last_lane_let_go(state):
    assert next_step(standing(state=state, held=2), PATIENCE) is Step.WAIT


def test_every_state_is_reached_from_another_one_and_every_end_but_one_can_be_left():
    reached = {to for ways in LEGAL.values() for to in ways}
    assert reached | {ExecutionState.RUNNING} == set(ExecutionState)
    assert [state for state in ExecutionState if not LEGAL[state]] == [ExecutionState.ROLLED_BACK]


@pytest.mark.parametrize(
    ("state", "to"), [("completed", "running"), ("rolled_back", "running"), ("running", "rolled_back")]
)
def test_a_step_that_is_not_drawn_is_refused_with_the_state(state, to):
    with pytest.raises(IllegalStep, match=f"execution e1 is {state.replace('_', ' ')} and cannot be moved"):
        check_step("e1", ExecutionState(state), ExecutionState(to), "moved")


@pytest.mark.parametrize(
    ("changes", "still"),
    [
        ({"held": 3, "quiet_seconds": 500.0}, False),
        ({"pending": 3}, False),
        ({"pending": 3, "quiet_seconds": 29.9}, False),
        ({"pending": 3, "quiet_seconds": 30.0}, True),
        ({"pending": 3, "quiet_seconds": 30.0, "drives": 1}, False),
        ({"wave": 2, "quiet_seconds": 15.0}, False),
        ({"wave": 2, "quiet_seconds": 15.1}, True),
        ({"failed": 1, "is_over_budget": True, "quiet_seconds": 15.1}, True),
        ({"state": ExecutionState.SOAKING, "due_in": -0.1}, True),
        ({"state": ExecutionState.SOAKING, "due_in": 9.0, "quiet_seconds": 99.0}, False),
        ({"state": ExecutionState.PLANNED, "pending": 3}, True),
        ({"state": ExecutionState.PAUSED, "pending": 3, "quiet_seconds": 1e6}, False),
        ({"quiet_seconds": 15.1}, True),
        ({"wave": 0, "pending": 3, "quiet_seconds": 1.0}, False),
        ({"wave": 0, "pending": 3, "quiet_seconds": 15.1}, True),
    ],
)
def test_an_execution_lies_still_when_nobody_takes_its_next_step_in_time(changes, still):
    assert lies_still(standing(**changes), PATIENCE) is still


def test_an_execution_with_a_lost_lane_lies_still_whoever_else_is_at_work():
    assert lies_still(standing(pending=1, held=3, lost=1, quiet_seconds=0.0), PATIENCE)
