"""The roster: every target of the fleet, and what became of it last."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from migrator.fleet.store import first, rows
from migrator.model.condition import Latest
from migrator.model.execution import OutcomeState, Work


def roster(connection: Connection, own_schema: str) -> Sequence[Row[Any]]:
    """Every target by database and schema, retired ones too (database_id, schema_name, scope, tenant_id, slug, region,
    labels, is_active).
    """
    return rows(connection, "roster", own_schema=own_schema)


def stamp(connection: Connection) -> tuple[str, datetime]:
    """Another text whenever the roster is another one, and the time of the control database."""
    found = first(connection, "roster_stamp")
    if found is None:
        raise ValueError("a SELECT without rows")
    return str(found.stamp), found.now


def moving(connection: Connection, seconds: float) -> set[str]:
    """Executions that change targets and have not ended, or ended within the last so many seconds."""
    return {row.id for row in rows(connection, "moving_executions", seconds=seconds)}


def recent(connection: Connection, most: int) -> list[str]:
    """The newest executions that changed targets, or were to."""
    return [row.id for row in rows(connection, "recent_executions", most=most)]


def outcomes(connection: Connection, ids: Collection[str], since: datetime | None = None) -> Sequence[Row[Any]]:
    """What became of the targets of these executions, the oldest execution first; ``since`` leaves out what is older,
    and what was not begun.
    """
    return rows(connection, "latest_outcomes", ids=sorted(ids), since=since) if ids else []


def latest(row: Row[Any]) -> Latest:
    """A row of ``outcomes`` as its noun."""
    return Latest(
        execution=row.execution_id,
        kind=Work(row.kind),
        state=OutcomeState(row.state),
        is_open=row.is_open,
        to_version=row.to_version,
        sqlstate=row.sqlstate,
        error=row.error_message,
        refused=row.refused,
        at=row.finished_at,
    )


def drift_executions(connection: Connection, most: int) -> Sequence[Row[Any]]:
    """The last executions (id, finished_at) that looked for drift and have ended, newest first."""
    return rows(connection, "drift_executions", most=most)
