"""Stages: in which order the scopes of a fleet are migrated. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from migrator.errors import DependencyCircle, UnknownDependency
from migrator.model.dependency import Dependency, dependencies
from migrator.model.folder import Folder
from migrator.model.history import Mark, is_current
from migrator.model.migration import Migration
from migrator.model.target import Scope
from migrator.model.version import Version


@dataclass(frozen=True, slots=True)
class Stage:
    """A scope brought up to a version before the next stage begins."""

    number: int
    """Counted from 1."""
    scope: Scope
    to: Version | None = None
    """None for the folder's newest version, or the one that was asked for."""
    is_last: bool = True
    """Whether no later stage has the same scope. Repeatable migrations belong to the last one."""


def stages_of(
    folders: Mapping[Scope, Folder], *, to: Version | None = None, only: Collection[Scope] | None = None
) -> tuple[Stage, ...]:
    """Admin, regional, tenant, each in one stage, unless a migration depends on another scope's version.

    The first scope in that order whose next migration has all that it depends on goes as far as it can. ``only``
    leaves scopes out; ``to`` is where the scopes end. What depends on a scope that is left out is taken for met
    here. Raises UnknownDependency, or DependencyCircle with the circle drawn.
    """
    only = list(Scope) if only is None else only
    ways = {scope: _Way(scope, folders[scope], to) for scope in Scope if scope in folders and scope in only}
    _refuse_unknown(ways)
    stages: list[Stage] = []
    while ahead := [way for way in ways.values() if way.next is not None]:
        way = next((way for way in ahead if way.blocked_by(ways) is None), None)
        if way is None:
            raise DependencyCircle(path=" -> ".join(_circle(ahead[0], ways)))
        way.go_on(ways)
        stages.append(Stage(len(stages) + 1, way.scope, to if way.next is None else way.reached, way.next is None))
    return tuple(stages)


def is_behind(stage: Stage, mark: Mark | None, folder: Folder) -> bool:
    """Whether a stage would change a schema with this mark, or might.

    Before a scope's last stage the version alone decides: what else has changed is the last one's work.
    """
    if stage.is_last or stage.to is None or folder.out_of_order:
        return not is_current(mark, folder, stage.to)
    return mark is None or mark.version is None or Version(mark.version) < stage.to


def folder_at(stage: Stage, folder: Folder) -> Folder:
    """The folder as a stage applies it: repeatable migrations are left to the last stage of the scope."""
    return folder if stage.is_last else replace(folder, repeatable=())


def stage_among(stages: Mapping[int, Stage], number: int) -> Stage | None:
    """A stage of a plan, by number, and whether it is its scope's last one there; None for none of that number."""
    found = stages.get(number)
    if found is None:
        return None
    return replace(found, is_last=number == max(n for n, stage in stages.items() if stage.scope is found.scope))


@dataclass(frozen=True, slots=True)
class _Step:
    """What is applied together: one version, or in the end all repeatable migrations."""

    version: Version | None
    migrations: tuple[Migration, ...]

    def is_behind(self, version: Version) -> bool:
        """Whether everything up to a version comes before it."""
        return self.version is None or self.version > version


class _Way:
    """A scope's steps, and how far it has come."""

    def __init__(self, scope: Scope, folder: Folder, to: Version | None) -> None:
        self.scope, self.folder = scope, folder
        self.steps = list(_steps(folder, to))
        self.done = 0

    @property
    def next(self) -> _Step | None:
        return self.steps[self.done] if self.done < len(self.steps) else None

    @property
    def reached(self) -> Version | None:
        return self.steps[self.done - 1].version if self.done else None

    def has_passed(self, version: Version) -> bool:
        return self.next is None or self.next.is_behind(version)

    def blocked_by(self, ways: Mapping[Scope, _Way]) -> Dependency | None:
        """What the next step depends on and what is not there yet."""
        found = (each for m in (self.next.migrations if self.next else ()) for each in dependencies(self.scope, m))
        return next((each for each in found if each.on in ways and not self._meets(each, ways)), None)

    def _meets(self, dependency: Dependency, ways: Mapping[Scope, _Way]) -> bool:
        """A version of the own scope may be the next one itself."""
        if dependency.on is not self.scope:
            return ways[dependency.on].has_passed(dependency.version)
        return self.next is None or self.next.version is None or dependency.version <= self.next.version

    def go_on(self, ways: Mapping[Scope, _Way]) -> None:
        while self.next is not None and self.blocked_by(ways) is None:
            self.done += 1

    def at(self, version: Version) -> Migration | None:
        return next((step.migrations[0] for step in self.steps if step.version == version), None)


def _steps(folder: Folder, to: Version | None) -> Iterator[_Step]:
    """A baseline stands for the version of its name, and depends on what that depends on."""
    by_version: dict[Version, list[Migration]] = {}
    for migration in (*folder.versioned, *folder.baselines):
        if migration.version is not None and (to is None or migration.version <= to):
            by_version.setdefault(migration.version, []).append(migration)
    yield from (_Step(version, tuple(by_version[version])) for version in sorted(by_version))
    yield _Step(None, folder.repeatable)


def _refuse_unknown(ways: Mapping[Scope, _Way]) -> None:
    for way in ways.values():
        for migration in (m for step in way.steps for m in step.migrations):
            for each in dependencies(way.scope, migration):
                if each.on in ways and not _has(ways[each.on].folder, each.version):
                    other = ways[each.on].folder
                    newest = f"its newest is {other.versioned[-1].path.name}" if other.versioned else "it is empty"
                    raise UnknownDependency(
                        file=each.place, scope=each.on, version=each.version, folder=other.path, newest=newest
                    )


def _has(folder: Folder, version: Version) -> bool:
    """Whether there is the version itself, or a baseline that stands for it."""
    return folder.find(version) is not None or any(m.version and m.version >= version for m in folder.baselines)


def _circle(start: _Way, ways: Mapping[Scope, _Way]) -> list[str]:
    """From one migration over what it depends on back to itself; every way here waits for another one."""
    way, seen = start, list[_Way]()
    while way not in seen:
        seen.append(way)
        blocked = way.blocked_by(ways)
        if blocked is None:
            raise ValueError(f"scope {way.scope} waits for nothing")
        way = ways[blocked.on]
    circle = seen[seen.index(way) :]
    arrows = [
        arrow
        for each, following in zip(circle, [*circle[1:], circle[0]], strict=True)
        if (blocked := each.blocked_by(ways)) is not None
        for arrow in _arrows(blocked, following, ways)
    ]
    return [arrows[-1], *arrows]


def _arrows(blocked: Dependency, way: _Way, ways: Mapping[Scope, _Way]) -> Iterator[str]:
    """The version depended on, and, where it is a later one, the migration before it that waits."""
    wanted, waiting = way.at(blocked.version), way.blocked_by(ways)
    if waiting is None or wanted is not waiting.migration:
        yield f"{way.scope}:{blocked.version} {wanted.path.name if wanted else ''}".rstrip()
    if waiting is not None:
        at = f":{waiting.migration.version}" if waiting.migration.version else ""
        yield f"{way.scope}{at} {waiting.place}"
