"""The circuit breaker of a database: whether anybody may try to reach it now. Pure; moments are seconds of one clock.

``tasks/breaker.lua`` says the same once more, for the memory that all workers share; a test compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

MOST_DOUBLINGS = 30


class BreakerState(StrEnum):
    """Where a breaker stands."""

    CLOSED = "closed"
    """Everybody may try."""
    OPEN = "open"
    """Nobody may."""
    HALF_OPEN = "half-open"
    """One may, and what becomes of that decides."""


_S = BreakerState


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When a breaker opens, and for how long; all but the count in seconds."""

    failures: int = 5
    """So many in a row open it ..."""
    window: float = 60.0
    """... when the first of them is younger than this."""
    open_seconds: float = 15.0
    """It lets nobody through for so long; twice as long after each probe that failed ..."""
    longest: float = 300.0
    """... and never longer than this."""
    probe_seconds: float = 30.0
    """A probe that has not answered by then died with its worker, and another one may go."""
    probe_pause: float = 1.0
    """How long others wait for the answer of a probe before they ask again."""


@dataclass(frozen=True, slots=True)
class Breaker:
    """What is known of the ways to one database."""

    state: BreakerState = _S.CLOSED
    failures: int = 0
    """In a row, within the window."""
    since: float = 0.0
    """The first of them; while it is open nobody has reached the database since then."""
    openings: int = 0
    """How often it opened since it was last closed."""
    open_until: float = 0.0
    probe: int = 0
    """The number of the last probe; it grows for ever, so that an answer that comes late is known for one."""
    probe_until: float = 0.0
    """When that probe is given up; 0 when none is on its way."""
    is_held: bool = False
    """Opened by an operator, and open until one resets it."""
    reason: str = ""
    """What the last failure was."""


@dataclass(frozen=True, slots=True)
class Permit:
    """The answer to somebody who wants to try."""

    granted: bool = True
    wait: float = 0.0
    """Seconds after which to ask again, when it was not granted."""
    probe: int = 0
    """The number of the probe that this is; 0 for none."""


def allow(breaker: Breaker, now: float, most: Thresholds) -> tuple[Breaker, Permit]:
    """Ask before each try. Of an open breaker whose time is over, the first to ask is the probe."""
    if breaker.state is _S.CLOSED:
        return breaker, Permit()
    wait = waiting(breaker, now, most)
    if wait > 0:
        return breaker, Permit(granted=False, wait=wait)
    number = breaker.probe + 1
    probing = replace(breaker, state=_S.HALF_OPEN, probe=number, probe_until=now + most.probe_seconds)
    return probing, Permit(probe=number)


def waiting(breaker: Breaker, now: float, most: Thresholds) -> float:
    """Seconds until it is worth asking; 0 for now."""
    if breaker.is_held:
        return most.longest
    if breaker.state is _S.OPEN:
        return max(0.0, breaker.open_until - now)
    if breaker.state is _S.HALF_OPEN:
        return max(0.0, min(most.probe_pause, breaker.probe_until - now))
    return 0.0


def succeeded(breaker: Breaker, permit: Permit) -> Breaker:
    """Somebody got through. On a breaker that is not closed only the answer of its probe counts."""
    if breaker.state is _S.CLOSED or _is_probe(breaker, permit):
        return Breaker(probe=breaker.probe)
    return breaker


def failed(breaker: Breaker, permit: Permit, now: float, reason: str, most: Thresholds) -> Breaker:
    """Somebody did not get through, or the connection broke later."""
    if _is_probe(breaker, permit):
        return _opened(replace(breaker, reason=reason), now, most)
    if breaker.state is not _S.CLOSED:
        return breaker
    if breaker.failures == 0 or now - breaker.since >= most.window:
        breaker = replace(breaker, failures=0, since=now)
    counted = replace(breaker, failures=breaker.failures + 1, reason=reason)
    return _opened(counted, now, most) if counted.failures >= most.failures else counted


def given_back(breaker: Breaker, permit: Permit) -> Breaker:
    """A permit was not used: the next one who asks may be the probe."""
    return replace(breaker, probe_until=0.0) if _is_probe(breaker, permit) else breaker


def held(breaker: Breaker, now: float, reason: str) -> Breaker:
    """Opened by an operator; nobody is let through until it is reset."""
    since = breaker.since if breaker.failures else now
    return Breaker(_S.OPEN, breaker.failures, since, probe=breaker.probe, is_held=True, reason=reason)


def reset(breaker: Breaker) -> Breaker:
    """Closed, whatever it was."""
    return Breaker(probe=breaker.probe)


def is_hopeless(breaker: Breaker, now: float, patience: float) -> bool:
    """Whether to stop waiting: the last probe failed, and nobody got through for longer than the patience.

    Not while a probe is due or on its way: its answer may be the good one.
    """
    is_shut = breaker.state is _S.OPEN and not breaker.is_held and now < breaker.open_until
    return is_shut and now - breaker.since >= patience


def _is_probe(breaker: Breaker, permit: Permit) -> bool:
    return breaker.state is _S.HALF_OPEN and permit.probe == breaker.probe and permit.probe > 0


def _opened(breaker: Breaker, now: float, most: Thresholds) -> Breaker:
    span = min(most.open_seconds * 2.0 ** min(breaker.openings, MOST_DOUBLINGS), most.longest)
    return replace(breaker, state=_S.OPEN, openings=breaker.openings + 1, open_until=now + span, probe_until=0.0)
