"""The check before a rollout: a look at every target that is behind, few queries per database; changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from migrator.errors import Collides, MigratorError
from migrator.fleet.refusals import Refusal
from migrator.folder.new_names import names_made
from migrator.model.collision import Collision, Made, collisions
from migrator.model.forecast import Group
from migrator.model.migration import Migration
from migrator.model.peers import Peers
from migrator.model.rehearsal import Candidate
from migrator.model.target import Database, Target
from migrator.schema.clone import sizes_of
from migrator.schema.collisions import names_there
from migrator.schema.fingerprint import fingerprints_of
from migrator.schema.session import Session
from tasks import desk
from tasks.breaker import session_to
from tasks.survey import MOST_AT_ONCE

AT_ONCE = 500
"""Schemas asked for in one statement, so that none of them holds its snapshot for long."""
MOST_TOLD = 3
_PATIENCE = "SET lock_timeout TO '5s'"


@dataclass
class Checked:
    """What was found; targets of a database that did not answer are in none of it."""

    collisions: dict[Target, tuple[Collision, ...]] = field(default_factory=dict)
    candidates: list[Candidate] = field(default_factory=list)
    """Every target, where sizes and fingerprints were asked for."""
    silent: dict[str, str] = field(default_factory=dict)
    """Databases that did not answer, and why."""


def check(groups: Sequence[Group], databases: Mapping[str, Database], *, catalogs: bool = True) -> Checked:
    """Look at all targets of a forecast: which names that would be made are there already, and, with ``catalogs``,
    how large each schema is and what its fingerprint says.
    """
    pending, versions = _pending(groups), _versions(groups)
    by_database: dict[str, list[Target]] = {}
    for target in sorted(pending):
        by_database.setdefault(target.database_id, []).append(target)
    made = _made(pending)

    def look(database_id: str) -> Checked:
        return _looked(databases[database_id], by_database[database_id], made, versions if catalogs else None)

    done = Checked()
    with ThreadPoolExecutor(max_workers=MOST_AT_ONCE) as pool:
        for found in pool.map(look, by_database):
            done.collisions |= found.collisions
            done.candidates += found.candidates
            done.silent |= found.silent
    return done


def refusals(groups: Sequence[Group], databases: Mapping[str, Database]) -> list[Refusal]:
    """The targets in which a name is there already, once for each of their stages, with the sentence that says so."""
    found = check(groups, databases, catalogs=False).collisions
    return [
        Refusal(target, group.stage.number, _sentence(found[target]))
        for group in groups
        for target in group.targets
        if target in found
    ]


def _sentence(found: Sequence[Collision]) -> str:
    more = f", and {len(found) - MOST_TOLD} more" if len(found) > MOST_TOLD else ""
    return str(Collides(collisions="; ".join(map(str, found[:MOST_TOLD])) + more))


def _pending(groups: Iterable[Group]) -> dict[Target, tuple[Migration, ...]]:
    """What each target is given in all stages, in order."""
    found: dict[Target, tuple[Migration, ...]] = {}
    for group in sorted(groups, key=lambda group: group.stage.number):
        migrations = tuple(each.migration for each in group.pending)
        for target in group.targets:
            found[target] = found.get(target, ()) + migrations
    return found


def _versions(groups: Iterable[Group]) -> dict[Target, str | None]:
    """Where each target is now, as its first stage finds it."""
    in_order = sorted(groups, key=lambda group: -group.stage.number)
    return {target: group.version for group in in_order for target in group.targets}


def _made(pending: Mapping[Target, tuple[Migration, ...]]) -> dict[Target, tuple[Made, ...]]:
    """Looked up once for all targets that are given the same."""
    known: dict[tuple[str, ...], tuple[Made, ...]] = {}
    found = {}
    for target, migrations in pending.items():
        key = tuple(str(migration.path) for migration in migrations)
        if key not in known:
            known[key] = names_made(migrations)
        found[target] = known[key]
    return found


def _looked(
    database: Database,
    targets: Sequence[Target],
    made: Mapping[Target, tuple[Made, ...]],
    versions: Mapping[Target, str | None] | None,
) -> Checked:
    found = Checked()
    try:
        with session_to(database, "migrator check") as session:
            session.run(_PATIENCE)
            for at in range(0, len(targets), AT_ONCE):
                batch = targets[at : at + AT_ONCE]
                found.collisions |= _collisions(session, batch, made)
                found.candidates += _candidates(session, batch, versions) if versions is not None else []
    except MigratorError as error:
        found.silent[database.id] = str(error)
    return found


def _collisions(
    session: Session, targets: Sequence[Target], made: Mapping[Target, tuple[Made, ...]]
) -> dict[Target, tuple[Collision, ...]]:
    names = {each.name for target in targets for each in made[target]}
    there = names_there(session, {target.schema_name for target in targets}, names)
    found = {t: collisions(t.schema_name, made[t], there.get(t.schema_name, ())) for t in targets}
    return {target: those for target, those in found.items() if those}


def _candidates(session: Session, targets: Sequence[Target], versions: Mapping[Target, str | None]) -> list[Candidate]:
    schemas, server = [target.schema_name for target in targets], session.connection.info.server_version // 10000
    sizes, prints = sizes_of(session, schemas), fingerprints_of(session, schemas, desk.settings().history_table)
    return [
        Candidate(t, sizes.get(t.schema_name, 0), prints.get(t.schema_name), Peers(t.scope, versions[t], server))
        for t in targets
    ]
