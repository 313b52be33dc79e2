"""The plan: which targets, in which waves, over how many lanes. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from migrator.model.target import Scope, Target


@dataclass(frozen=True, slots=True)
class PlannedTarget:
    """A target and the wave in which it is migrated, counted from 1."""

    target: Target
    wave: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be done to which targets; those that are current already are only counted."""

    targets: tuple[PlannedTarget, ...]
    current: int = 0

    @property
    def waves(self) -> int:
        """How many waves there are."""
        return max((planned.wave for planned in self.targets), default=0)


def make_plan(behind: Iterable[Target], current: int = 0) -> Plan:
    """One wave per scope that has work: admin first, then regional, then tenant."""
    ordered = sorted(behind, key=_stage_first)
    waves = {scope: wave for wave, scope in enumerate(_scopes_of(ordered), start=1)}
    return Plan(tuple(PlannedTarget(target, waves[target.scope]) for target in ordered), current)


def lanes_for(targets: Mapping[str, int], budgets: Mapping[str, int]) -> dict[str, int]:
    """How many lanes each database gets: its budget, but never more lanes than it has targets.

    A database without a budget was retired in the meantime; one lane finds that out and writes it down.
    """
    return {database: min(budgets.get(database, 1), count) for database, count in targets.items() if count}


def count_by_database(targets: Iterable[Target]) -> dict[str, int]:
    """How many of the targets each database has."""
    return dict(Counter(target.database_id for target in targets))


def next_batch(previous: int, seconds: float, *, goal: float = 1.0, most: int = 50) -> int:
    """How many targets a lane claims next, so that a batch takes about ``goal`` seconds.

    At most doubled from one batch to the next: one quick target says little about the following hundred.
    """
    if previous == 0:
        return min(4, most)
    fitting = int(previous * goal / max(seconds, 0.001))
    return max(1, min(fitting, previous * 2, most))


def _scopes_of(targets: Sequence[Target]) -> list[Scope]:
    return [scope for scope in Scope if any(target.scope is scope for target in targets)]


def _stage_first(target: Target) -> tuple[int, str, str]:
    return list(Scope).index(target.scope), target.database_id, target.schema_name
