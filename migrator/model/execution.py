"""Executions, outcomes, and the decision what an execution does next."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MOST_DOUBLINGS = 5


class ExecutionState(StrEnum):
    """Where an execution stands."""

    RUNNING = "running"
    HALTED = "halted"
    COMPLETED = "completed"
    FAILED = "failed"

    @property
    def is_end(self) -> bool:
        """Whether the execution has its report."""
        return self is not ExecutionState.RUNNING


class OutcomeState(StrEnum):
    """What became of one target."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a target failed, in the facts an operator needs."""

    message: str
    sqlstate: str | None = None
    script: str | None = None
    line: int | None = None
    statement: str | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A worker's right to work on one target until the lease ends; the fence voids it when another took over."""

    database_id: str
    schema_name: str
    fence: int
    tenant_id: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one target in one execution."""

    claim: Claim
    state: OutcomeState
    from_version: str | None = None
    to_version: str | None = None
    applied: tuple[str, ...] = ()
    """File names, in the order in which they were applied."""
    seconds: float = 0.0
    failure: Failure | None = None


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
    """Targets of the current wave under a live lease."""
    failed: int
    """Failed targets in all waves so far."""
    quiet_seconds: float
    """Since the wave was last sent out, an outcome was written or a lease ran out."""
    drives: int = 0
    """How often the wave was sent out again."""


class Step(StrEnum):
    """What an execution does next."""

    SEND_WAVE = "send wave"
    SEND_AGAIN = "send again"
    WAIT = "wait"
    HALT = "halt"
    FINISH = "finish"


def next_step(standing: Standing, patience: float) -> Step:
    """The next step of an execution, read from the ledger alone.

    Whoever asks - the event's task, a chord's body, upkeep - gets the same answer, so it does not matter which
    of them was lost or came twice. ``patience`` is how many seconds free targets may lie before their lanes
    are taken for lost; it doubles each time, because lanes that wait behind other work are not lost.
    """
    if standing.state.is_end:
        return Step.FINISH
    if standing.wave == 0 and standing.waves > 0:
        return Step.SEND_WAVE
    if standing.held:
        return Step.WAIT
    if standing.pending:
        lost = standing.quiet_seconds >= patience * 2 ** min(standing.drives, MOST_DOUBLINGS)
        return Step.SEND_AGAIN if lost else Step.WAIT
    if standing.wave >= standing.waves:
        return Step.FINISH
    return Step.HALT if standing.failed else Step.SEND_WAVE
