"""What a part of the benchmark hands over: text for people, plain values for programs, goals and what was reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Goal:
    """A promise about a figure: it is kept as long as it is at most the bound."""

    work: str
    promise: str
    bound: float
    reached: float | None
    unit: str = "x"

    @property
    def is_kept(self) -> bool | None:
        """None when it was not measured."""
        return None if self.reached is None else self.reached <= self.bound

    def as_markdown(self) -> str:
        """One line of the table of goals."""
        kept = {None: "not measured", True: "yes", False: "no"}[self.is_kept]
        reached = "" if self.reached is None else _with_unit(self.reached, self.unit)
        return f"| {self.work} | {self.promise} | {_with_unit(self.bound, self.unit)} | {reached} | {kept} |"


@dataclass(frozen=True)
class Section:
    """One part of the report, under its title."""

    title: str
    markdown: str
    document: Mapping[str, Any] = field(default_factory=dict)
    goals: Sequence[Goal] = ()


def goals_table(goals: Sequence[Goal]) -> str:
    """What was promised and what was reached."""
    head = "| work | promise | at most | reached | kept |\n|---|---|---:|---:|---|"
    return "\n".join([head, *(goal.as_markdown() for goal in goals)])


def _with_unit(value: float, unit: str) -> str:
    return f"x{value:.2f}" if unit == "x" else f"{value:.3g} {unit}".rstrip()
