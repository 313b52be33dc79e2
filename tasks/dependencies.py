"""What a request depends on and does not bring with it has to be there already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from migrator.errors import DependencyUnmet
from migrator.fleet import registry
from migrator.model.dependency import Needs, Unmet, needs_of, unmet
from migrator.model.folder import Folder
from migrator.model.target import Scope, Target
from migrator.model.version import Version
from tasks import desk
from tasks.survey import Survey, survey

MOST_NAMED = 10


def refuse_unmet(
    behind: Iterable[Target],
    requested: Sequence[Target],
    found: Survey,
    folders: Mapping[Scope, Folder],
    to: Version | None = None,
) -> None:
    """Raise DependencyUnmet with all that the targets that are ``behind`` depend on and that is neither requested
    nor there. Asks nobody where no pending migration depends on another scope, else one query per database.
    """
    needs = needs_of(((target, found.version(target)) for target in behind), folders, to)
    missing = _missing(needs, requested) if needs else []
    if missing:
        more = [f"and {len(missing) - MOST_NAMED} more"] if len(missing) > MOST_NAMED else []
        raise DependencyUnmet(missing="; ".join([*map(str, missing[:MOST_NAMED]), *more]), advice=_advice(missing))


def unmet_of(target: Target, found: Survey, folders: Mapping[Scope, Folder]) -> list[str]:
    """What a target's pending migrations depend on outside of its scope and is not there, a sentence each."""
    needs = needs_of([(target, found.version(target))], folders)
    return list(map(str, _missing(needs, [target]))) if needs else []


def _missing(needs: Needs, requested: Sequence[Target]) -> list[Unmet]:
    scopes = {each.on for wanted in needs.values() for each in wanted}
    asked_for = set(requested)
    with desk.store().begin() as connection:
        there = registry.targets(connection, scopes, own_schema=desk.settings().own_schema)
        databases = {database.id: database for database in registry.databases(connection)}
    others = [target for target in there if target not in asked_for]
    found = survey(others, databases)
    versions = {target: found.version(target) for target in others if found.asked(target)}
    return unmet(needs, databases, others, requested, versions)


def _advice(missing: Sequence[Unmet]) -> str:
    scopes = sorted({each.dependency.on for each in missing})
    return f"Migrate scope {' and '.join(scopes)} first, or ask for all scopes at once"
