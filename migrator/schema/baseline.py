"""Declares that a schema which nobody's history speaks of is at a version."""

from __future__ import annotations

from migrator.errors import AlreadyManaged
from migrator.model.folder import Folder
from migrator.model.history import History, HistoryRow
from migrator.model.migration import shortened
from migrator.model.version import Version
from migrator.schema import amend
from migrator.schema.pending import read_history
from migrator.schema.visit import Visit

DESCRIPTION = "<< Flyway Baseline >>"


def baseline(visit: Visit, folder: Folder, version: Version, description: str = DESCRIPTION) -> bool:
    """Write Flyway's baseline row, so that only later versions are applied; False when it is there already.

    Raises UnknownSchema for a schema that does not exist, AlreadyManaged when history says something else.
    """
    with amend.opened(visit) as past:
        if read_history(past.rows, visit.table.schema).baseline == version:
            return False
        refuse_managed(past, visit.table.schema)
        rank, said = past.newest_rank + 1, shortened(description)
        row = HistoryRow(rank, str(version), said, "BASELINE", said, None, True)
        amend.add(visit, [row])
        visit.keep(amend.mark_for(folder, past, [*past.rows, row]))
        return True


def refuse_managed(past: History, schema: str) -> None:
    """Raise AlreadyManaged when a version stands in the history, or a script was begun."""
    if found := _managed(past, schema):
        raise AlreadyManaged(schema=schema, found=found)


def _managed(past: History, schema: str) -> str | None:
    applied = read_history(past.rows, schema)
    if past.mark is not None and past.mark.begun:
        return f"{past.mark.begun} was begun"
    if applied.versions:
        return f"{applied.versions[max(applied.versions)].script} was applied"
    return f"it has a baseline at version {applied.baseline}" if applied.baseline else None
