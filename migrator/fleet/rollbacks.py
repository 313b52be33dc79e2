"""What the ledger knows for taking an execution back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row

from migrator.fleet.registry import as_target
from migrator.fleet.store import rows
from migrator.model.target import Target


@dataclass(frozen=True, slots=True)
class Changed:
    """A target that an execution changed, or, where it failed there, may have changed."""

    target: Target
    stage: int
    applied: tuple[str, ...]
    since_rank: int | None
    """The newest rank of its history before; None where the execution failed there."""
    until_rank: int | None
    fingerprint_before: str | None
    snapshot: str | None


def changed(
    connection: Connection, execution_id: str, database_id: str | None = None, schemas: Sequence[str] | None = None
) -> list[Changed]:
    """What an execution changed, by stage, database and schema; in one database, or in some schemas of it."""
    found = rows(
        connection,
        "changed_outcomes",
        id=execution_id,
        database_id=database_id,
        schemas=list(schemas) if schemas is not None else None,
    )
    return [_changed(row) for row in found]


def rollbacks(connection: Connection, execution_id: str) -> Sequence[Row[Any]]:
    """The rollbacks of an execution, newest first."""
    return rows(connection, "rollbacks", id=execution_id)


def _changed(row: Row[Any]) -> Changed:
    return Changed(
        as_target(row),
        row.stage,
        tuple(row.applied),
        row.since_rank,
        row.until_rank,
        row.fingerprint_before,
        row.snapshot,
    )
