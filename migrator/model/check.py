"""One question about a database or an installation, and its answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """What a check says; the order of the members is the order of severity."""

    OK = "ok"
    WARN = "warn"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Check:
    """One question and its answer: the figure, a sentence, and what to do about it."""

    name: str
    verdict: Verdict
    figure: str
    sentence: str
    advice: str = ""

    @property
    def told(self) -> str:
        """The sentence with the advice."""
        return f"{self.name}: " + "; ".join(part for part in (self.sentence, self.advice) if part)

    def as_row(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self) | {"verdict": self.verdict.value}

    @staticmethod
    def read(row: Mapping[str, Any]) -> Check:
        """From what ``as_row`` gave."""
        return Check(**{**row, "verdict": Verdict(row["verdict"])})


def worst(checks: Iterable[Check]) -> Verdict:
    """The verdict on the whole; nothing checked is nothing wrong."""
    severity = list(Verdict)
    return max((found.verdict for found in checks), key=severity.index, default=Verdict.OK)
