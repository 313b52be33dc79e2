"""The pace of a database: how many lanes work on it and how many targets each claims at once. Pure.

Additive increase, multiplicative decrease: a lane more while that pays and nobody is hurt, half of them as soon as
somebody is. A number of lanes that did not pay is remembered and tried again only after some calm looks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from migrator.model.plan import next_batch


class Move(StrEnum):
    """Where a pace goes."""

    GROW = "grow"
    HOLD = "hold"
    BACK = "back"
    HALVE = "halve"


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast to go on, why, and what has to be remembered for the next decision."""

    lanes: int = 1
    batch: int = 0
    """Targets per claim; 0 before the first, as ``next_batch`` takes it."""
    move: Move = Move.HOLD
    """How it came to this pace."""
    reason: str = "nothing was measured yet"
    rate: float = 0.0
    """Targets per second at the pace before; 0 when that is not known."""
    ceiling: int | None = None
    """The number of lanes that did harm or did not pay."""
    calm: int = 0
    """Looks since then at which all was well."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What happened on one database, over all its lanes, since the last decision."""

    done: int
    seconds: float
    lanes: int
    """Lanes that were really at work."""
    retries: int = 0
    """Lock timeouts, deadlocks and what else the server refused for now."""
    lock_waits: int = 0
    """Sessions, ours or others, that wait for a lock right now."""
    failures: int = 0
    lag_seconds: float | None = None
    """Of the replica that is furthest behind; None when it is not known."""
    active: int = 0
    """Sessions at work on the whole server."""

    @property
    def rate(self) -> float:
        """Targets per second."""
        return self.done / max(self.seconds, 0.001)


@dataclass(frozen=True, slots=True)
class PaceLimits:
    """Between what a pace may move."""

    budget: int
    """Lanes that the database may have; at least one is kept."""
    most: int = 50
    """Targets per claim."""
    goal: float = 1.0
    """Seconds that a batch should take."""
    lag: float = 10.0
    """Seconds of replica lag from which on we make room; from half of it on we do not grow."""
    active: int | None = None
    """Sessions at work on the server from which on we make room."""
    drop: float = 0.15
    """By what share of the throughput it has to fall after an increase before that counts as harm."""
    pays: float = 0.3
    """What share of a whole lane's work an added lane must do to be kept."""
    patience: int = 10
    """Calm looks before a number of lanes that did not pay is tried again."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What one lane did since it last reported."""

    slot: int
    seconds: float
    done: int = 0
    """Targets, with those that failed."""
    failed: int = 0
    refused: int = 0
    """Lock timeouts, deadlocks and what else the server refused for now."""


Decision = tuple[Move, str]


def full_pace(budget: int) -> Pace:
    """Where a database begins of which nothing is known: the budget is its operator's own word."""
    return Pace(budget, PaceLimits(budget).most, reason=f"all {budget} lanes of the budget, nothing was measured yet")


def within_budget(pace: Pace, was: int, budget: int) -> Pace:
    """A pace that was found within a budget of ``was`` lanes, for another one: nothing spoke against all of them."""
    return replace(pace, lanes=budget if pace.lanes >= was else min(pace.lanes, budget))


def for_other_targets(pace: Pace) -> Pace:
    """As another execution finds it: how long one target of the last one took says nothing about these, harm does."""
    return pace if pace.move is Move.HALVE else replace(pace, batch=max(pace.batch, PaceLimits(pace.lanes).most))


def next_pace(pace: Pace, seen: Seen, limits: PaceLimits) -> Pace:
    """The pace to go on with, never above the budget and never below one lane and one target."""
    now = _within(pace, max(limits.budget, 1))
    decided = _harm(seen, limits) or _doubt(now, seen, limits) or _disappointment(now, seen, limits)
    if decided is None:
        now = replace(now, calm=now.calm + 1)
        decided = _room(now, limits)
    move, reason = decided
    return replace(_moved(now, seen, move), move=move, reason=reason, batch=_batch(pace, seen, move, limits))


def _within(pace: Pace, budget: int) -> Pace:
    """The same pace, or a slower one when the budget has shrunk, of which nothing is known then."""
    return pace if 1 <= pace.lanes <= budget else replace(pace, lanes=max(1, min(pace.lanes, budget)), move=Move.HOLD)


def _harm(seen: Seen, limits: PaceLimits) -> Decision | None:
    """What makes us give room at once."""
    if seen.retries:
        return Move.HALVE, f"{seen.retries} statements were refused for now: lock timeouts or deadlocks"
    if seen.lag_seconds is not None and seen.lag_seconds > limits.lag:
        return Move.HALVE, f"a replica is {seen.lag_seconds:.0f} s behind, the limit is {limits.lag:.0f} s"
    if limits.active is not None and seen.active > limits.active:
        return Move.HALVE, f"{seen.active} sessions are at work on the server, the limit is {limits.active}"
    return None


def _doubt(pace: Pace, seen: Seen, limits: PaceLimits) -> Decision | None:
    """What is no reason to give room, but none to take more either."""
    if seen.lock_waits:
        return Move.HOLD, f"{seen.lock_waits} sessions wait for a lock"
    if seen.failures:
        return Move.HOLD, f"{seen.failures} targets failed"
    if seen.lag_seconds is not None and seen.lag_seconds > limits.lag / 2:
        return Move.HOLD, f"a replica is {seen.lag_seconds:.0f} s behind"
    if not seen.done or seen.lanes != pace.lanes:
        return Move.HOLD, f"{seen.done} targets by {seen.lanes} of {pace.lanes} lanes say nothing about this pace"
    return None


def _disappointment(pace: Pace, seen: Seen, limits: PaceLimits) -> Decision | None:
    """An added lane that did not do enough of a lane's work."""
    if pace.move is not Move.GROW or pace.lanes < 2 or not pace.rate:
        return None
    change = f"{pace.lanes} lanes do {seen.rate:.1f} targets/s, one less did {pace.rate:.1f}"
    if seen.rate < pace.rate * (1 - limits.drop):
        return Move.HALVE, change
    if seen.rate < pace.rate * (1 + limits.pays / (pace.lanes - 1)):
        return Move.BACK, change
    return None


def _room(pace: Pace, limits: PaceLimits) -> Decision:
    """All is well; whether there is room for a lane more."""
    if pace.lanes >= max(limits.budget, 1):
        return Move.HOLD, f"all {pace.lanes} lanes of the budget are at work"
    if pace.ceiling is not None and pace.lanes + 1 >= pace.ceiling and pace.calm < limits.patience:
        return Move.HOLD, f"{pace.ceiling} lanes did harm or did not pay, {pace.lanes} do well"
    return Move.GROW, f"{pace.lanes} lanes do well, one more is tried"


def _moved(pace: Pace, seen: Seen, move: Move) -> Pace:
    """Other lanes, and what is remembered of these."""
    match move:
        case Move.GROW:
            is_retry = pace.ceiling is not None and pace.lanes + 1 >= pace.ceiling
            ceiling = None if is_retry else pace.ceiling
            return replace(pace, lanes=pace.lanes + 1, rate=seen.rate, ceiling=ceiling, calm=0)
        case Move.BACK:
            return replace(pace, lanes=pace.lanes - 1, ceiling=pace.lanes, calm=0)
        case Move.HALVE:
            ceiling = pace.lanes if pace.lanes > 1 else pace.ceiling
            return replace(pace, lanes=max(1, pace.lanes // 2), rate=0.0, ceiling=ceiling, calm=0)
        case Move.HOLD:
            return pace


def _batch(pace: Pace, seen: Seen, move: Move, limits: PaceLimits) -> int:
    """What fits into a batch's time at what one target took one lane; at most half when somebody was hurt."""
    half = max(1, pace.batch // 2)
    if not pace.batch:
        return next_batch(0, 0.0, most=limits.most)
    if not seen.done:
        return min(half, limits.most)
    seconds = pace.batch * seen.seconds * max(seen.lanes, 1) / seen.done
    fitting = next_batch(pace.batch, seconds, goal=limits.goal, most=limits.most)
    return min(fitting, half) if move is Move.HALVE else fitting
