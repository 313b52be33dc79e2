"""Health: what one look at a part of an installation says. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Health(StrEnum):
    """What a health check says; the order of the members is the order of severity."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """One question about an installation and its answer: the figure, a sentence, and what to do about it."""

    name: str
    health: Health
    figure: str
    sentence: str = ""
    advice: str = ""

    def as_row(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self) | {"health": self.health.value}


def worst_of(checks: Iterable[HealthCheck]) -> Health:
    """The health of the whole; nothing looked at is nothing wrong."""
    return max((check.health for check in checks), key=list(Health).index, default=Health.OK)


def graded(figure: float, warn: float, fail: float) -> Health:
    """A figure that is better the smaller it is."""
    if figure >= fail:
        return Health.FAIL
    return Health.WARN if figure >= warn else Health.OK
