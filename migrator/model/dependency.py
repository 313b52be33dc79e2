"""What a migration depends on in other scopes, and whether that is there. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from migrator.model.folder import Folder
from migrator.model.migration import Migration
from migrator.model.target import Database, Scope, Target
from migrator.model.version import Version

_DIRECTIVE = re.compile(r"(?:--|#)\s*migrator\s*:(?P<words>.*)", re.IGNORECASE)
_DEPENDS = re.compile(r"depends\s*=\s*(?P<scope>\w+)\s*:\s*(?P<version>\d+(?:[._]\d+)*)")


@dataclass(frozen=True, slots=True)
class Dependency:
    """A migration needs a version of a scope; equal ones may stand in several files."""

    scope: Scope
    """Of the migration."""
    migration: Migration
    on: Scope
    version: Version

    @property
    def place(self) -> str:
        """Where it is asked for: file name, and line where that is known."""
        line = _line(self.migration.sql, self.on, self.version)
        return f"{self.migration.path.name}:{line}" if line else self.migration.path.name


def dependencies(scope: Scope, migration: Migration) -> Iterator[Dependency]:
    """What the header of a migration asks for, in its order."""
    for on, version in migration.directives.depends:
        yield Dependency(scope, migration, Scope(on), version)


@dataclass(frozen=True, slots=True)
class Unmet:
    """What a migration depends on and a target that is not part of the request does not have."""

    dependency: Dependency
    target: Target | None
    """None where no database of that scope is registered at all."""
    version: Version | None = None
    asked: bool = True
    """False where the target's database could not be asked."""

    def __str__(self) -> str:
        needed = f"{self.dependency.place} needs {self.dependency.on} version {self.dependency.version}"
        if self.target is None:
            return f"{needed}, and no target of scope {self.dependency.on} is registered"
        if not self.asked:
            return f"{needed}, and {self.target} could not be asked"
        return f"{needed}, and {self.target} is {f'at {self.version}' if self.version else 'fresh'}"


Needs = Mapping[str, tuple[Dependency, ...]]
"""Database to what its targets' pending migrations depend on in other scopes."""


def needs_of(
    behind: Iterable[tuple[Target, Version | None]], folders: Mapping[Scope, Folder], to: Version | None = None
) -> Needs:
    """What targets that are at these versions depend on; databases whose targets need nothing are left out."""
    lowest: dict[tuple[str, Scope], Version | None] = {}
    for target, version in behind:
        key = target.database_id, target.scope
        known = lowest.setdefault(key, version)
        lowest[key] = None if version is None or known is None else min(known, version)
    found = {database: tuple(_outside(scope, folders[scope], low, to)) for (database, scope), low in lowest.items()}
    return {database: needs for database, needs in found.items() if needs}


def unmet(
    needs: Needs,
    databases: Mapping[str, Database],
    others: Collection[Target],
    requested: Collection[Target],
    versions: Mapping[Target, Version | None],
) -> list[Unmet]:
    """What is missing; ``others`` are not part of the request, and those that could not be asked have no version.

    What is ``requested`` is brought there by the stages.
    """
    there = {scope: [target for target in (*others, *requested) if target.scope is scope] for scope in Scope}
    waited_for = set(others)
    found: dict[tuple[object, ...], Unmet] = {}
    for database, wanted in needs.items():
        for each in wanted:
            counting = _counting(databases[database], each, there[each.on], databases)
            for missing in _unmet(each, counting, waited_for, versions):
                found.setdefault((each.migration.path, each.on, each.version, missing.target), missing)
    return list(found.values())


def _unmet(
    dependency: Dependency,
    counting: Collection[Target],
    waited_for: Collection[Target],
    versions: Mapping[Target, Version | None],
) -> Iterator[Unmet]:
    if not counting:
        yield Unmet(dependency, None)
    for target in counting:
        version = versions.get(target)
        if target in waited_for and (version is None or version < dependency.version):
            yield Unmet(dependency, target, version, target in versions)


def _counting(
    database: Database, dependency: Dependency, there: list[Target], databases: Mapping[str, Database]
) -> list[Target]:
    """Those of the same region, where regions are given; between admin and the other scopes all of them."""
    if Scope.ADMIN in (dependency.scope, dependency.on) or database.region is None:
        return there
    near = [target for target in there if databases[target.database_id].region == database.region]
    return near or there


def _outside(scope: Scope, folder: Folder, above: Version | None, to: Version | None) -> Iterator[Dependency]:
    """What migrations above a version depend on outside their own scope."""
    above = None if folder.out_of_order else above
    for migration in (*folder.baselines, *folder.versioned, *folder.repeatable):
        version = migration.version
        wanted = version is None or ((above is None or version > above) and (to is None or version <= to))
        if wanted:
            yield from (each for each in dependencies(scope, migration) if each.on is not scope)


def _line(sql: str, on: Scope, version: Version) -> int | None:
    for number, line in enumerate(sql.splitlines(), start=1):
        if directive := _DIRECTIVE.match(line.strip()):
            for found in _DEPENDS.finditer(directive["words"]):
                if found["scope"] == on and Version(found["version"]) == version:
                    return number
    return None
