"""What lint finds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Severity(StrEnum):
    """Errors end lint with 1: the migration would be refused, or do harm in every schema it is applied to."""

    ERROR = "error"
    WARNING = "warning"


class Source(StrEnum):
    """Whose rule it is."""

    OURS = "migrator"
    SQUAWK = "squawk"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing in one place."""

    rule: str
    severity: Severity
    path: Path
    line: int
    """1 for the first; also for what is about a file as a whole."""
    sentence: str
    advice: str
    source: Source = Source.OURS

    @property
    def is_error(self) -> bool:
        """Whether it has to be mended before the folder can be used."""
        return self.severity is Severity.ERROR


def in_order(found: Iterable[Finding]) -> list[Finding]:
    """By file, then by line, the same thing only once."""
    return sorted(dict.fromkeys(found), key=lambda each: (str(each.path), each.line, each.rule, each.sentence))
