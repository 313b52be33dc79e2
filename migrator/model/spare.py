"""Spares: schemas that stand ready for tenants to come, and what is to be done about each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

SPARE = "migrator_spare_"
"""How their names begin; no tenant's schema may be called so."""


class SpareState(StrEnum):
    """Where a spare stands; see docs/states.md."""

    MAKING = "making"
    READY = "ready"
    TAKEN = "taken"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Spare:
    """One schema of a pool, as the control database knows it."""

    database_id: str
    schema_name: str
    state: SpareState
    digest: str | None = None
    """Of the folder's state that it has; None while it was never ready."""
    version: str | None = None
    fingerprint: str | None = None
    """When it was last verified."""
    stamp: str | None = None
    """Which transactions wrote its catalog, at that moment."""
    rank: int = 0
    """The newest rank of its history."""
    is_over: bool = True
    """Whether whoever took it came to an end."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A spare's schema as it is in its database now."""

    fingerprint: str
    stamp: str


@dataclass(frozen=True, slots=True)
class Fit:
    """What a spare has that was verified."""

    digest: str
    version: str | None
    rank: int
    seen: Seen


class Care(StrEnum):
    """What is to be done about a spare."""

    LEAVE = "leave"
    """Somebody is taking it, or it has to wait until a rollout is over."""
    KEEP = "keep"
    """It is as it should be; what was verified is noted."""
    FORWARD = "forward"
    """It lacks migrations."""
    DROP = "drop"
    FORGET = "forget"
    """Its schema is not there any more: a tenant has it, or somebody dropped it."""


def care_for(spare: Spare, seen: Seen | None, digest: str, *, busy: bool) -> Care:
    """What is to be done about one spare, where a pool is to have the folder's state of that digest.

    ``busy``: a rollout is at work on its database, and goes first.
    """
    if spare.state is SpareState.TAKEN and not spare.is_over:
        return Care.LEAVE
    if seen is None:
        return Care.FORGET
    if spare.state in (SpareState.FAILED, SpareState.MAKING) or seen.fingerprint != spare.fingerprint:
        return Care.DROP
    if spare.digest == digest:
        return Care.KEEP
    return Care.LEAVE if busy else Care.FORWARD


def told_state(spare: Spare, digest: str | None) -> str:
    """Its state for people: one that lacks migrations is behind, whatever else it is."""
    is_behind = spare.state is SpareState.READY and digest is not None and spare.digest != digest
    return "behind" if is_behind else spare.state.value
