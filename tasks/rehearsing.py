"""Rehearsals of targets of the fleet, in this process: each in a clone of its own, one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from migrator.errors import MigratorError
from migrator.folder.rewriting import renamed
from migrator.folder.way_back import WaysBack
from migrator.model.folder import Folder
from migrator.model.rehearsal import Rehearsal
from migrator.model.target import Database, Scope, Target
from migrator.model.version import Version
from migrator.schema.pg_tools import tools_for
from migrator.schema.rehearsal import Means, rehearse
from migrator.schema.scratch import drop_stale
from migrator.schema.session import session_on
from tasks import desk


def rehearsals(
    targets: Sequence[Target],
    databases: Mapping[str, Database],
    folders: Mapping[Scope, Folder],
    to: Version | None = None,
) -> Iterator[tuple[Target, Rehearsal]]:
    """Rehearse what is pending in each target; what goes wrong is in its rehearsal.

    First the scratch schemas that crashed runs have left in its database are dropped.
    """
    ways = {scope: WaysBack(folder) for scope, folder in folders.items()}
    for target in targets:
        folder = folders[target.scope]
        yield target, _rehearsed(target, databases[target.database_id], folder, ways[target.scope], to)


def _rehearsed(target: Target, database: Database, folder: Folder, ways: WaysBack, to: Version | None) -> Rehearsal:
    try:
        with session_on(database, "migrator rehearse", desk.access()) as session:
            drop_stale(session)
            means = Means(folder, ways, tools_for(session, desk.pg_places()), renamed, desk.rules(database), to)
            return rehearse(session, target.schema_name, means, target.tenant_id)
    except MigratorError as error:
        return Rehearsal(target.schema_name, failure=str(error))
