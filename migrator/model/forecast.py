"""The forecast of a plan: what is applied to whom, what it does, how it is taken back, how long it takes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from migrator.model.lock import LockMode
from migrator.model.migration import Migration, scripts
from migrator.model.plan import Plan, PlannedTarget, lanes_for
from migrator.model.stage import Stage
from migrator.model.target import Scope, Target
from migrator.model.way_back import Obstacle, WayBackOf

Run = tuple[Scope, tuple[str, ...]]
"""The scripts that one target of a scope is given in one stage, by name."""


@dataclass(frozen=True, slots=True)
class Prospect:
    """One pending migration and what there is to know about it beforehand, as far as its text tells."""

    migration: Migration
    destroys: tuple[str, ...] = ()
    """What cannot be had back without a copy: "drops table orders"."""
    escapes: tuple[str, ...] = ()
    """Schemas beside the target's own in which it changes something."""
    locks: tuple[str, ...] = ()
    """What others may have to wait for while it runs."""
    way_back: str | None = None
    """The kind of its way back: undo or inverse; None for none."""
    obstacles: tuple[Obstacle, ...] = ()
    """Why it has no way back."""


@dataclass(frozen=True, slots=True)
class Group:
    """Targets of one stage in the same state, for which the same is pending."""

    stage: Stage
    version: str | None
    """None for fresh ones."""
    targets: tuple[Target, ...]
    pending: tuple[Prospect, ...] = ()
    obstacle: str | None = None
    """Why nothing could be applied, or is known."""
    seconds: float | None = None
    """Expected for one target: the median of the past; None where there is none."""
    outcomes: int = 0
    """How many past outcomes that is taken from."""

    @property
    def run(self) -> Run:
        """What one of the targets is given."""
        return self.stage.scope, scripts(each.migration for each in self.pending)


@dataclass(frozen=True, slots=True)
class Past:
    """How long the same took before."""

    seconds: float
    outcomes: int


def prospect(migration: Migration, way_back_of: WayBackOf) -> Prospect:
    """Look at one migration. What its header calls not destructive is taken at its word."""
    way = way_back_of(migration)
    there = way if isinstance(way, Migration) else None
    return Prospect(
        migration,
        destroys=_destroys(migration),
        escapes=tuple(sorted({schema for each in migration.statements for schema in each.effects.changes})),
        locks=_locks(migration),
        way_back=("inverse" if there.is_derived else "undo") if there else None,
        obstacles=() if isinstance(way, Migration) else way,
    )


def timed(groups: Iterable[Group], past: Mapping[Run, Past]) -> list[Group]:
    """The groups with what the past says about them."""
    return [
        replace(group, seconds=found.seconds, outcomes=found.outcomes) if (found := past.get(group.run)) else group
        for group in groups
    ]


def by_wave_number(plan: Plan) -> dict[int, list[PlannedTarget]]:
    """The targets of each wave."""
    found: dict[int, list[PlannedTarget]] = {}
    for planned in plan.targets:
        found.setdefault(planned.wave, []).append(planned)
    return found


def expected_seconds(
    waves: Iterable[Sequence[tuple[int, Target]]], groups: Iterable[Group], budgets: Mapping[str, int]
) -> float | None:
    """How long the waves take one after the other; None when a target's time is not known.

    Each wave has its targets with the numbers of their stages. Its databases are worked on at the same time, each
    with as many lanes as its budget allows.
    """
    known = {(group.stage.number, target): group.seconds for group in groups for target in group.targets}
    total = 0.0
    for wave in waves:
        work: dict[str, list[float]] = {}
        for stage, target in wave:
            seconds = known.get((stage, target))
            if seconds is None:
                return None
            work.setdefault(target.database_id, []).append(seconds)
        lanes = lanes_for({database: len(each) for database, each in work.items()}, budgets)
        total += max((sum(each) / lanes[database] for database, each in work.items()), default=0.0)
    return total


def _destroys(migration: Migration) -> tuple[str, ...]:
    if migration.directives.destructive is False:
        return ()
    found = tuple(dict.fromkeys(said for each in migration.statements for said in each.effects.destroys))
    return found or (("is destructive, as its header says",) if migration.directives.destructive else ())


def _locks(migration: Migration) -> tuple[str, ...]:
    """The strongest lock on each relation that was there before."""
    found: dict[str, LockMode] = {}
    for lock in (lock for each in migration.statements for lock in each.effects.locks if not lock.is_new):
        found[lock.relation] = max(found.get(lock.relation, lock.mode), lock.mode)
    return tuple(f"{mode} on {relation}" for relation, mode in found.items())
