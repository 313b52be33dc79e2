"""What an execution does next: a pure decision about how it stands."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from migrator.model.execution import ExecutionState

MOST_DOUBLINGS = 5


@dataclass(frozen=True, slots=True)
class Standing:
    """An execution counted: what the decision about its next step needs, and no more."""

    state: ExecutionState
    wave: int
    """The wave that was last sent out, 0 before the first."""
    waves: int
    pending: int
    """Targets of the current wave that nobody holds: never claimed, or their lease ran out."""
    held: int
    """Targets under a live lease, in whichever wave."""
    failed: int
    """Failed targets in all waves so far."""
    quiet_seconds: float
    """Since the wave was last sent out, an outcome was written or a lease ran out."""
    drives: int = 0
    """How often the wave was sent out again."""
    is_over_budget: bool = False
    """Whether more targets failed than may, in all or in the current wave."""
    stage_ends: bool = False
    """Whether the next wave belongs to another stage."""
    stage_failed: int = 0
    """Failed targets of the current wave's stage."""
    is_forced: bool = False
    soaks: bool = False
    """Whether there is to be a pause between two waves."""
    due_in: float = 0.0
    """Seconds until the soak is over or the window opens."""
    is_closed: bool = False
    """Whether its window is over."""
    is_blocked: bool = False
    """Whether another execution has some of its targets and goes first."""
    lost: int = 0
    """Targets of the current wave whose lease ran out since it was last sent out: their lanes are lost for sure."""


class Step(StrEnum):
    """What an execution does next."""

    SEND_WAVE = "send wave"
    SEND_AGAIN = "send again"
    REPLACE = "replace lost lanes"
    SOAK = "soak"
    ROLL_OVER = "roll over"
    WAIT = "wait"
    HALT = "halt"
    FINISH = "finish"


def next_step(standing: Standing, patience: float) -> Step:
    """The next step of an execution, read from the ledger alone.

    Whoever asks - the event's task, a chord's body, upkeep - gets the same answer, so it does not matter which
    of them was lost or came twice. A lane whose lease ran out is replaced at once, whoever else is at work.
    ``patience`` is how many seconds free targets that nobody has begun may lie before their lanes are taken for
    lost; it doubles each time, because lanes that wait behind other work are not lost.
    """
    if standing.state.is_end:
        return Step.WAIT if standing.held else Step.FINISH
    if standing.state is ExecutionState.RUNNING:
        return _while_running(standing, patience)
    if standing.state is ExecutionState.PAUSED:
        return Step.WAIT
    return Step.WAIT if standing.is_blocked or standing.due_in > 0 else _begin(standing)


def _begin(standing: Standing) -> Step:
    """What comes after waiting: for another execution, for a window, for an operator, or for a soak to be over.

    A window that passed while nobody looked is waited for again; there is no soak on top of a wait.
    """
    if standing.state is ExecutionState.SOAKING:
        return Step.SEND_WAVE if standing.wave < standing.waves else Step.FINISH
    if standing.is_closed:
        return Step.ROLL_OVER
    if standing.wave == 0:
        return Step.SEND_WAVE if standing.waves else Step.FINISH
    if standing.pending or standing.held:
        return Step.SEND_AGAIN
    step = _after_wave(standing)
    return Step.SEND_WAVE if step is Step.SOAK else step


def _while_running(standing: Standing, patience: float) -> Step:
    if standing.wave == 0 and standing.waves > 0:
        return Step.SEND_WAVE
    stop = _stop(standing)
    if standing.lost and stop is None:
        return Step.REPLACE
    if standing.held:
        return Step.WAIT
    if not standing.pending:
        return _after_wave(standing)
    lost = standing.quiet_seconds >= patience * 2 ** min(standing.drives, MOST_DOUBLINGS)
    return stop or (Step.SEND_AGAIN if lost else Step.WAIT)


def _stop(standing: Standing) -> Step | None:
    """Why no more targets of the wave may be begun."""
    if standing.is_over_budget:
        return Step.HALT
    return Step.ROLL_OVER if standing.is_closed else None


def _after_wave(standing: Standing) -> Step:
    """No target of the wave is left."""
    if standing.wave >= standing.waves:
        return Step.FINISH
    stage_broke = standing.stage_ends and standing.stage_failed and not standing.is_forced
    if standing.is_over_budget or stage_broke:
        return Step.HALT
    if standing.is_closed:
        return Step.ROLL_OVER
    return Step.SOAK if standing.soaks else Step.SEND_WAVE
