"""Alerts: what a rule finds, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

LONGEST_CALM = 600.0
"""Seconds."""


class Severity(StrEnum):
    """How bad it is."""

    WARNING = "warning"
    """Somebody should look at it in working hours."""
    ERROR = "error"
    """Something failed and waits for somebody."""
    CRITICAL = "critical"
    """Nothing goes on, or nobody would notice."""

    @property
    def rank(self) -> int:
        """Grows with the severity."""
        return list(Severity).index(self)


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"
    """Given up."""
    DROPPED = "dropped"
    """The alert was silenced before it was sent."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule finds wrong now. ``key`` is what it is about: the same key is the same alert."""

    rule: str
    key: str
    severity: Severity
    sentence: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    settles: bool = False
    """Whether it may come and go, so that its end is believed only after some calm."""


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """An alert that is not resolved."""

    id: int
    rule: str
    key: str
    times: int = 1
    """How often its cause came."""
    calm_since: datetime | None = None
    settles: bool = False


@dataclass(frozen=True, slots=True)
class Changes:
    """What the findings of one look mean for the alerts that are open."""

    fire: tuple[Finding, ...] = ()
    keep: tuple[tuple[OpenAlert, Finding], ...] = ()
    """Its cause is still there, or back."""
    calm: tuple[OpenAlert, ...] = ()
    """Its cause is not seen any more; too early to believe it."""
    resolve: tuple[OpenAlert, ...] = ()


def decide(findings: Iterable[Finding], opened: Iterable[OpenAlert], now: datetime, calm_seconds: float) -> Changes:
    """What to do about each finding and each open alert.

    What may come and go is over after ``calm_seconds`` without its cause, twice as many with each time that the
    cause came back, so that a cause that flaps is one alert and not many.
    """
    found = {(each.rule, each.key): each for each in findings}
    known = {(each.rule, each.key): each for each in opened}
    gone = [alert for place, alert in known.items() if place not in found]
    over = {alert.id for alert in gone if _is_over(alert, now, calm_seconds)}
    return Changes(
        fire=tuple(finding for place, finding in found.items() if place not in known),
        keep=tuple((alert, found[place]) for place, alert in known.items() if place in found),
        calm=tuple(alert for alert in gone if alert.id not in over and alert.calm_since is None),
        resolve=tuple(alert for alert in gone if alert.id in over),
    )


def _is_over(alert: OpenAlert, now: datetime, calm_seconds: float) -> bool:
    if not alert.settles or calm_seconds <= 0:
        return True
    if alert.calm_since is None:
        return False
    needed = min(calm_seconds * 2 ** min(alert.times - 1, 16), max(LONGEST_CALM, calm_seconds))
    return now - alert.calm_since >= timedelta(seconds=needed)
