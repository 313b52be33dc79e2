"""What is known of one tenant, and the answer to why it is at its version."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from migrator.model.execution import ExecutionState, OutcomeState, Work


class CauseKind(StrEnum):
    """What keeps a tenant where it is, the one that explains most first."""

    RETIRED = "retired"
    UNREACHABLE = "unreachable"
    BEING_DONE = "being_done"
    PAUSED = "paused"
    WAITS_FOR_EXECUTION = "waits_for_execution"
    WAITS_FOR_WINDOW = "waits_for_window"
    STOPPED = "stopped"
    IN_LINE = "in_line"
    FAILED = "failed"
    HALTED = "halted"
    CANCELLED = "cancelled"
    TAKEN_BACK = "taken_back"
    DISAGREES = "disagrees"
    DEPENDENCY = "dependency"
    BREAKER = "breaker"
    NOT_THERE = "not_there"
    NOT_ASKED_FOR = "not_asked_for"
    AHEAD = "ahead"
    DRIFTED = "drifted"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of the tenant in one execution, and where that execution stands."""

    execution: str
    kind: Work
    execution_state: ExecutionState
    state: OutcomeState
    requested_by: str
    at: datetime | None = None
    """When it ended for this tenant; else when the execution was opened."""
    from_version: str | None = None
    to_version: str | None = None
    applied: tuple[str, ...] = ()
    error: str | None = None
    script: str | None = None
    reason: str | None = None
    """Why the execution stands where it stands."""
    waits_for: str | None = None
    due_at: datetime | None = None
    stopped: str | None = None
    """What preflight says of the database, while it keeps it waiting."""
    wave: int = 1
    execution_wave: int = 0

    @property
    def is_open(self) -> bool:
        """Whether it has still to be done for this tenant, by an execution that goes on."""
        return self.state in (OutcomeState.PENDING, OutcomeState.RUNNING) and not self.execution_state.is_end


@dataclass(frozen=True, slots=True)
class Recorded:
    """One row of a history, for a person."""

    version: str | None
    script: str
    type: str
    success: bool
    at: datetime | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True)
class TenantFacts:
    """What is known of one tenant: registry, ledger, folder, and its schema if that could be looked into."""

    tenant: str
    database: str
    schema: str
    newest: str | None
    """The newest version of the folder."""
    is_active: bool = True
    is_database_active: bool = True
    unreachable: str | None = None
    exists: bool = True
    version: str | None = None
    history: tuple[Recorded, ...] = ()
    pending: tuple[str, ...] = ()
    disagreements: tuple[str, ...] = ()
    """What of history and folder does not fit together, a sentence each."""
    is_ahead: bool = False
    attempts: tuple[Attempt, ...] = ()
    """Newest first."""
    breaker: str | None = None
    """Since when and why it is not closed."""
    unmet: tuple[str, ...] = ()
    drifted_since: str | None = None
    """The execution after which the catalog was another one."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that explains the version, and what can be done about it."""

    kind: CauseKind
    sentence: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer."""

    sentence: str
    is_current: bool
    causes: tuple[Cause, ...]
