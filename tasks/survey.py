"""Which targets are behind: one query per database, however many schemas it has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby

import structlog

from migrator.errors import MigratorError
from migrator.model.folder import Folder
from migrator.model.history import Mark, is_current
from migrator.model.target import Database, Scope, Target
from migrator.model.version import Version
from migrator.schema.marks import read_marks
from migrator.schema.session import session_on
from tasks import desk

MOST_AT_ONCE = 8
"""Databases asked at the same time."""

log = structlog.get_logger("migrator.survey")


def folders_for(targets: Iterable[Target]) -> dict[Scope, Folder]:
    """The folder of each scope that occurs. Raises a FolderError before anything is touched."""
    return {scope: desk.folder(scope) for scope in Scope if any(t.scope is scope for t in targets)}


def behind(
    targets: Sequence[Target], databases: Mapping[str, Database], folders: Mapping[Scope, Folder], to: Version | None
) -> list[Target]:
    """The targets that a migration would change, or might: those of a database that cannot be asked are kept.

    Whoever works on such a database later gets the reason and writes it down as the outcome.
    """
    ordered = sorted(targets)
    groups = [(key, list(found)) for key, found in groupby(ordered, key=lambda target: target.database_id)]
    with ThreadPoolExecutor(max_workers=MOST_AT_ONCE) as pool:
        marks = list(pool.map(_marks_or_none, (databases[key] for key, _ in groups)))
    return [
        target
        for (_, group), known in zip(groups, marks, strict=True)
        for target in group
        if known is None or not is_current(known.get(target.schema_name), folders[target.scope], to)
    ]


def _marks_or_none(database: Database) -> dict[str, Mark] | None:
    try:
        with session_on(database, "migrator survey", desk.access()) as session:
            return read_marks(session, desk.settings().history_table)
    except MigratorError as error:
        log.warning("database could not be asked", database=database.id, reason=str(error))
        return None
