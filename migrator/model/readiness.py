"""Whether an application may take for granted that a tenant's schema has a version. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from migrator.model.version import Version


class ReadyState(StrEnum):
    """What the ledger knows of a tenant's version."""

    READY = "ready"
    """It is at the version that was asked for, or a newer one."""
    BEHIND = "behind"
    CHANGING = "changing"
    """It is being taken back, or that failed half way: its version is not known at the moment."""
    UNKNOWN = "unknown"
    """No execution has been there yet."""
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class LastKnown:
    """The last that the ledger has of a tenant's schema."""

    is_active: bool
    execution: str | None = None
    is_done: bool = False
    version: str | None = None
    """Where it ended; None for a schema that was taken back to its beginning."""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Readiness:
    """The answer, with the execution that it is known from and since when it is so."""

    tenant: str
    state: ReadyState
    version: str | None = None
    execution: str | None = None
    since: datetime | None = None

    @property
    def is_ready(self) -> bool:
        """Whether the version may be taken for granted."""
        return self.state is ReadyState.READY


def judged(tenant_id: str, known: LastKnown, wanted: str | None = None) -> Readiness:
    """Whether a tenant is at a version or above; without one, whether any version of it is known.

    Raises BadVersion for a version that is not made of numbers.
    """
    least = Version(wanted) if wanted is not None else None
    state = _state(known, least)
    version = known.version if state in (ReadyState.READY, ReadyState.BEHIND) else None
    return Readiness(tenant_id, state, version, known.execution, known.at)


def _state(known: LastKnown, least: Version | None) -> ReadyState:
    if not known.is_active:
        return ReadyState.RETIRED
    if known.execution is None:
        return ReadyState.UNKNOWN
    if not known.is_done:
        return ReadyState.CHANGING
    reached = Version(known.version) if known.version else None
    if least is None:
        return ReadyState.READY if reached else ReadyState.BEHIND
    return ReadyState.READY if reached is not None and reached >= least else ReadyState.BEHIND
