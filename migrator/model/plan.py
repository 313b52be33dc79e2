"""The plan: which targets, in which waves, over how many lanes. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from migrator.model.rollout import Order, Rollout
from migrator.model.share import Share
from migrator.model.stage import Stage
from migrator.model.target import Scope, Target


@dataclass(frozen=True, slots=True)
class PlannedTarget:
    """A target, and the wave in which it is worked on, counted from 1 through all stages."""

    target: Target
    wave: int
    stage: int = 1
    position: int = 0
    """Its place in the order of its database."""


@dataclass(frozen=True, slots=True)
class PlannedWave:
    """Targets that are worked on at the same time; none goes out before the one before it is over."""

    number: int
    stage: int
    total: int
    is_canary: bool = False
    most_failures: int | None = None
    """How many of its targets may fail; None for any number."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be done to which targets; those that are current already are only counted."""

    targets: tuple[PlannedTarget, ...]
    waves: tuple[PlannedWave, ...] = ()
    stages: tuple[Stage, ...] = ()
    current: int = 0

    @property
    def total(self) -> int:
        """Targets; one that has work in several stages counts in each."""
        return len(self.targets)


def make_plan(
    behind: Iterable[tuple[Stage, Sequence[Target]]],
    rollout: Rollout | None = None,
    *,
    current: int = 0,
    sizes: Mapping[Target, int] | None = None,
) -> Plan:
    """Cut the targets of each stage into waves: the canary first, then as many as a wave holds.

    ``sizes``, in bytes, are for the order that begins with the smallest. Stages without targets take no part.
    """
    rollout = rollout or Rollout()
    stages: list[Stage] = []
    targets: list[PlannedTarget] = []
    waves: list[PlannedWave] = []
    for stage, found in behind:
        if not found:
            continue
        stages.append(stage)
        cut, planned = cut_into_waves(found, rollout, stage.number, len(waves) + 1, sizes or {})
        waves += cut
        targets += planned
    return Plan(tuple(targets), tuple(waves), tuple(stages), current)


def by_scope(targets: Iterable[Target]) -> list[tuple[Stage, list[Target]]]:
    """One stage per scope that occurs: admin first, then regional, then tenant."""
    found = [(scope, [target for target in targets if target.scope is scope]) for scope in Scope]
    with_targets = [(scope, own) for scope, own in found if own]
    return [(Stage(number, scope), own) for number, (scope, own) in enumerate(with_targets, start=1)]


def cut_into_waves(
    targets: Sequence[Target], rollout: Rollout, stage: int, first: int, sizes: Mapping[Target, int] | None = None
) -> tuple[list[PlannedWave], list[PlannedTarget]]:
    """The waves of one stage, numbered from ``first``, and where each target stands in them."""
    ordered = in_order(targets, rollout, sizes or {})
    groups = [group for group in _groups(ordered, rollout) if group]
    has_canary = len(groups) > 1 and (rollout.canary > 0 or rollout.names_canary)
    waves, planned = [], []
    for number, group in enumerate(groups, start=first):
        canary = has_canary and number == first
        most = rollout.most_wave_failures(len(group), is_canary=canary)
        waves.append(PlannedWave(number, stage, len(group), canary, most))
        planned += [PlannedTarget(target, number, stage, place) for place, target in enumerate(group)]
    return waves, planned


def in_order(targets: Iterable[Target], rollout: Rollout, sizes: Mapping[Target, int]) -> list[Target]:
    """First named, others, last named; among these by size or name, and from each database in turn."""
    smallest = rollout.order is Order.SMALLEST

    def within(target: Target) -> tuple[int, int, str]:
        return rollout.rank(target), sizes.get(target, 0) if smallest else 0, target.schema_name

    seen: Counter[tuple[str, int]] = Counter()
    turns = []
    for target in sorted(targets, key=lambda target: (target.database_id, *within(target))):
        rank = rollout.rank(target)
        seen[target.database_id, rank] += 1
        turns.append((rank, seen[target.database_id, rank], target.database_id, target))
    return [target for *_, target in sorted(turns, key=lambda turn: turn[:3])]


def _groups(ordered: Sequence[Target], rollout: Rollout) -> list[list[Target]]:
    if rollout.names_canary:
        canary = [target for target in ordered if rollout.is_canary(target)]
    else:
        canary = list(ordered[: rollout.canary])
    chosen = set(canary)
    rest = [target for target in ordered if target not in chosen]
    size = max(1, Share.read(rollout.wave_size).of(len(ordered)))
    return [canary, *(rest[at : at + size] for at in range(0, len(rest), size))]


def lanes_for(targets: Mapping[str, int], budgets: Mapping[str, int]) -> dict[str, int]:
    """How many lanes each database gets: its budget, but never more lanes than it has targets.

    A database without a budget was retired in the meantime; one lane finds that out and writes it down.
    """
    return {database: min(budgets.get(database, 1), count) for database, count in targets.items() if count}


def next_batch(previous: int, seconds: float, *, goal: float = 1.0, most: int = 50) -> int:
    """How many targets a lane claims next, so that a batch takes about ``goal`` seconds.

    At most doubled from one batch to the next: one quick target says little about the following hundred.
    """
    if previous == 0:
        return min(4, most)
    fitting = int(previous * goal / max(seconds, 0.001))
    return max(1, min(fitting, previous * 2, most))
