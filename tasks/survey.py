"""Which targets are behind: one query per database, however many schemas it has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import structlog

from migrator.errors import MigratorError
from migrator.model.folder import Folder
from migrator.model.history import Mark
from migrator.model.stage import Stage, is_behind
from migrator.model.target import Database, Scope, Target
from migrator.model.version import Version
from migrator.schema.marks import read_marks
from tasks import desk
from tasks.breaker import session_to

MOST_AT_ONCE = 8
"""Databases asked at the same time."""

log = structlog.get_logger("migrator.survey")


def folders_for(targets: Iterable[Target]) -> dict[Scope, Folder]:
    """The folder of each scope that occurs. Raises a FolderError before anything is touched."""
    return {scope: desk.folder(scope) for scope in Scope if any(t.scope is scope for t in targets)}


@dataclass(frozen=True)
class Survey:
    """What the databases said: by database and schema, the mark of each schema that has one."""

    marks: Mapping[str, Mapping[str, Mark]]
    silent: Mapping[str, str]
    """Databases that could not be asked, and why."""

    def mark(self, target: Target) -> Mark | None:
        """The target's mark; None where it has none or its database could not be asked."""
        return self.marks.get(target.database_id, {}).get(target.schema_name)

    def version(self, target: Target) -> Version | None:
        """The version that the target is at; None where it is fresh or not known."""
        mark = self.mark(target)
        return Version(mark.version) if mark and mark.version else None

    def asked(self, target: Target) -> bool:
        """Whether the target's database answered."""
        return target.database_id in self.marks


NOTHING_ASKED = Survey({}, {})
"""For targets that are fresh for certain."""


def survey(targets: Iterable[Target], databases: Mapping[str, Database]) -> Survey:
    """Ask every database of the targets for its marks, one query each, several at the same time."""
    ids = sorted({target.database_id for target in targets})
    with ThreadPoolExecutor(max_workers=MOST_AT_ONCE) as pool:
        found = dict(zip(ids, pool.map(_marks, (databases[id_] for id_ in ids)), strict=True))
    return Survey(
        {id_: said for id_, said in found.items() if not isinstance(said, MigratorError)},
        {id_: str(said) for id_, said in found.items() if isinstance(said, MigratorError)},
    )


def behind_by_stage(
    targets: Iterable[Target], found: Survey, folders: Mapping[Scope, Folder], stages: Iterable[Stage]
) -> list[tuple[Stage, list[Target]]]:
    """Each stage with the targets that it would change, or might; a target may be in several of one scope.

    Those of a database that cannot be asked are kept: whoever works on it later gets the reason and writes it down
    as the outcome.
    """
    ordered = sorted(targets)
    return [
        (stage, [t for t in ordered if t.scope is stage.scope and _is_in(stage, t, found, folders[t.scope])])
        for stage in stages
    ]


def _is_in(stage: Stage, target: Target, found: Survey, folder: Folder) -> bool:
    return not found.asked(target) or is_behind(stage, found.mark(target), folder)


def _marks(database: Database) -> dict[str, Mark] | MigratorError:
    try:
        with session_to(database, "migrator survey") as session:
            return read_marks(session, desk.settings().history_table)
    except MigratorError as error:
        log.warning("database could not be asked", database=database.id, reason=str(error))
        return error
