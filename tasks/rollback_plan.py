"""What of an execution can be taken back, and how; read from ledger, folders and marks, nothing is touched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from migrator.fleet.rollbacks import Changed
from migrator.folder.way_back import WaysBack
from migrator.model.folder import Folder
from migrator.model.history import Mark
from migrator.model.migration import Migration
from migrator.model.target import Scope
from migrator.model.way_back import Strategy
from tasks import desk
from tasks.rolling_back import SNAPSHOT
from tasks.survey import Survey


@dataclass(frozen=True, slots=True)
class Eligible:
    """A target that can be taken back."""

    changed: Changed
    way: str
    scripts: tuple[str, ...] = ()
    """What would be run, newest first; empty for a snapshot."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A target that cannot be taken back, and why; it is not touched."""

    changed: Changed
    reason: str


@dataclass(frozen=True)
class RollbackPlan:
    """All targets of an execution, sorted by what can be done."""

    eligible: tuple[Eligible, ...] = ()
    refused: tuple[Refused, ...] = ()
    untouched: int = 0
    """Targets that are as they were before it already."""


@dataclass
class _Judge:
    """Looks at one target after the other; equal migrations are looked at once."""

    execution_id: str
    strategy: str
    rollbacks: frozenset[str]
    """Earlier rollbacks of the same execution."""
    folders: Mapping[Scope, Folder]
    ways: dict[Scope, WaysBack] = field(default_factory=dict)

    def verdict(self, changed: Changed, mark: Mark | None) -> Eligible | Refused | None:
        if mark is None:
            return Refused(changed, "its schema or its history is gone; there is nothing to take back")
        if mark.execution in self.rollbacks or (mark.execution != self.execution_id and changed.since_rank is None):
            return None
        if mark.execution != self.execution_id:
            return Refused(changed, f"it moved on since: it is at version {mark.version} by {mark.execution}")
        return self._way(changed)

    def _way(self, changed: Changed) -> Eligible | Refused:
        has_copy = changed.snapshot is not None
        if self.strategy == SNAPSHOT:
            return Eligible(changed, SNAPSHOT) if has_copy else Refused(changed, "no snapshot was taken before")
        found = [self._back(changed.target.scope, script) for script in reversed(changed.applied)]
        obstacles = [said for said in found if isinstance(said, str)]
        if not obstacles:
            return Eligible(changed, self.strategy, tuple(str(back) for back in found))
        if has_copy and self.strategy == Strategy.AUTO:
            return Eligible(changed, SNAPSHOT)
        return Refused(changed, "; ".join(obstacles))

    def _back(self, scope: Scope, script: str) -> Migration | str:
        """The way back of one script, or what stands in its way."""
        folder = self.folders[scope]
        if scope not in self.ways:
            self.ways[scope] = WaysBack(folder, Strategy(self.strategy))
        every = (*folder.migrations, *folder.baselines)
        migration = next((m for m in every if m.script == script), None)
        if migration is None:
            return f"{script} is not in the folder any more"
        back = self.ways[scope](migration)
        return back if isinstance(back, Migration) else "; ".join(map(str, back))


def plan_rollback(
    execution_id: str, strategy: str, changed: Sequence[Changed], found: Survey, earlier: Iterable[str]
) -> RollbackPlan:
    """Judge every target that an execution changed, or may have, by what its database said."""
    folders = {scope: desk.folder(scope) for scope in Scope if any(c.target.scope is scope for c in changed)}
    judge = _Judge(execution_id, strategy, frozenset(earlier), folders)
    verdicts = [_judged(judge, found, each) for each in changed]
    return RollbackPlan(
        tuple(v for v in verdicts if isinstance(v, Eligible)),
        tuple(v for v in verdicts if isinstance(v, Refused)),
        sum(v is None for v in verdicts),
    )


def _judged(judge: _Judge, found: Survey, changed: Changed) -> Eligible | Refused | None:
    if not found.asked(changed.target):
        return Refused(changed, found.silent.get(changed.target.database_id, "its database is not registered any more"))
    return judge.verdict(changed, found.mark(changed.target))
