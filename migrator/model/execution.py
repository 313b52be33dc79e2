"""Executions: what they do, where they stand, and what became of each target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from migrator.errors import IllegalStep
from migrator.model.performance import Lap


class Work(StrEnum):
    """What an execution does to each of its targets."""

    MIGRATE = "migrate"
    ROLLBACK = "rollback"
    VALIDATE = "validate"
    DRIFT = "drift"
    SNAPSHOT = "snapshot"
    REINDEX = "reindex"
    ANALYZE = "analyze"

    @property
    def only_looks(self) -> bool:
        """Whether it leaves every target as it is."""
        return self in (Work.VALIDATE, Work.DRIFT)

    @property
    def needs_folder(self) -> bool:
        """Whether it is planned with the migration folders, and all workers must have the same ones."""
        return self in (Work.MIGRATE, Work.VALIDATE)


class ExecutionState(StrEnum):
    """Where an execution stands."""

    PENDING = "pending"
    """Waits for another execution that has some of its targets."""
    PLANNED = "planned"
    """Waits for its window."""
    RUNNING = "running"
    SOAKING = "soaking"
    """Between two waves."""
    PAUSED = "paused"
    HALTED = "halted"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    ROLLED_BACK = "rolled_back"

    @property
    def is_end(self) -> bool:
        """Whether nothing happens any more by itself."""
        return self in ENDS

    @property
    def spoken(self) -> str:
        """As people say it."""
        return self.value.replace("_", " ")


_S = ExecutionState
ENDS = frozenset((_S.HALTED, _S.COMPLETED, _S.FAILED, _S.CANCELLED, _S.ROLLED_BACK))

LEGAL: Mapping[ExecutionState, frozenset[ExecutionState]] = {
    _S.PENDING: frozenset((_S.PLANNED, _S.RUNNING, _S.PAUSED, _S.COMPLETED, _S.FAILED, _S.CANCELLED)),
    _S.PLANNED: frozenset((_S.PENDING, _S.RUNNING, _S.PAUSED, _S.HALTED, _S.COMPLETED, _S.FAILED, _S.CANCELLED)),
    _S.RUNNING: frozenset(
        (_S.PENDING, _S.PLANNED, _S.SOAKING, _S.PAUSED, _S.HALTED, _S.COMPLETED, _S.FAILED, _S.CANCELLED)
    ),
    _S.SOAKING: frozenset((_S.RUNNING, _S.PAUSED, _S.HALTED, _S.FAILED, _S.CANCELLED)),
    _S.PAUSED: frozenset((_S.PENDING, _S.PLANNED, _S.RUNNING, _S.FAILED, _S.CANCELLED)),
    _S.HALTED: frozenset((_S.PLANNED, _S.RUNNING, _S.CANCELLED, _S.ROLLED_BACK)),
    _S.FAILED: frozenset((_S.PLANNED, _S.RUNNING, _S.ROLLED_BACK)),
    _S.CANCELLED: frozenset((_S.PLANNED, _S.RUNNING, _S.ROLLED_BACK)),
    _S.COMPLETED: frozenset((_S.ROLLED_BACK,)),
    _S.ROLLED_BACK: frozenset(),
}
"""Every legal step; docs/states.md draws it."""


def sources(to: ExecutionState) -> list[str]:
    """The states from which a step leads there, as the ledger's queries take them."""
    return [state.value for state, ways in LEGAL.items() if to in ways]


def check_step(execution_id: str, state: ExecutionState, to: ExecutionState, doing: str) -> None:
    """Raise IllegalStep when there is no step from one state to the other."""
    if to not in LEGAL[state]:
        raise IllegalStep(execution=execution_id, state=state.spoken, doing=doing)


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
class Loss:
    """A worker that was lost while it had a target, or was stopped before it was done."""

    worker: str
    at: str
    """When its lease ran out or its death was noticed, ISO 8601."""
    alone: bool = False
    """Whether this target was all that it had, so that it had surely begun it."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A worker's right to work on one target until the lease ends; the fence voids it when another took over."""

    database_id: str
    schema_name: str
    fence: int
    tenant_id: str | None = None
    stage: int = 1
    number: int = field(default=1, compare=False)
    """How often the target was begun, this time included; a retry of the execution counts anew."""
    losses: tuple[Loss, ...] = field(default=(), compare=False)
    """The workers that were lost while they had it, oldest first."""
    taken_from: str | None = field(default=None, compare=False)
    """The holder whose lease ran out, when this is a takeover: its connection may still be there."""

    @property
    def worn(self) -> tuple[Loss, ...]:
        """The losses that speak against the target itself: it was all that the worker had in hand."""
        return tuple(loss for loss in self.losses if loss.alone)


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
    since_rank: int | None = None
    """The newest rank of its history before."""
    until_rank: int | None = None
    """The newest rank of its history after."""
    fingerprint_before: str | None = None
    fingerprint_after: str | None = None
    snapshot: str | None = None
    note: str | None = None
    laps: tuple[Lap, ...] = ()
    """What each migration cost that was applied now."""
    refused: int = 0
    """How often the server refused it for now."""
    waited: float = 0.0
    """Seconds lost to that and to the lock of the schema; not among ``seconds``."""
