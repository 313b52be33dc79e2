"""The gate: whether a lane may claim anything on a database, from what preflight last found there. Pure.

That a database cannot be asked is told and does not close the gate: the lane finds out by itself, tries again a
few times, and then gives the database up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from migrator.model.check import Check, Verdict


class Passage(StrEnum):
    """What a lane at the gate does."""

    LOOK = "look"
    """Nobody has looked for long enough."""
    GO = "go"
    WAIT = "wait"
    GIVE_UP = "give up"


@dataclass(frozen=True, slots=True)
class Look:
    """What was last found on a database before an execution went on there."""

    checks: tuple[Check, ...]
    age: float
    """Seconds since then."""
    stopped: float = 0.0
    """Seconds for which the gate has been closed without a break."""


@dataclass(frozen=True, slots=True)
class Watch:
    """How the gate is kept."""

    every: float
    """Seconds from one look to the next."""
    patience: float
    """Seconds for which it may be closed."""
    is_forced: bool = False
    """Whether what was found is told and not obeyed."""


def passage(look: Look | None, watch: Watch) -> Passage:
    """What a lane does that wants to claim."""
    if look is None or look.age >= watch.every:
        return Passage.LOOK
    if watch.is_forced or not obstacles(look.checks):
        return Passage.GO
    return Passage.GIVE_UP if look.stopped >= watch.patience else Passage.WAIT


def obstacles(checks: Iterable[Check]) -> list[Check]:
    """The checks that close the gate."""
    return [check for check in checks if check.verdict is Verdict.STOP and check.name != "reachable"]


def remarks(checks: Iterable[Check]) -> dict[str, Check]:
    """The checks that are to be told afterwards, by name and verdict, so that a stop outlives a later warning."""
    return {f"{check.name} {check.verdict}": check for check in checks if check.verdict is not Verdict.OK}
