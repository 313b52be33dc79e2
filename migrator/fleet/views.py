"""What the pages show of an execution beyond its report: each target as a letter, who failed, how fast it went."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row

from migrator.errors import UnknownExecution
from migrator.fleet.store import first, rows


def targets_in_order(connection: Connection, execution_id: str) -> Sequence[Row[Any]]:
    """Database, schema, tenant, wave and stage of each target, in an order that never changes."""
    return rows(connection, "targets_in_order", id=execution_id)


def cells(connection: Connection, execution_id: str, seconds: float) -> Row[Any]:
    """``cells``, a letter for each target in that order; ``recent``, how many ended in the last so many seconds;
    ``first_at`` and ``last_at``, when the first and the last one ended.

    w waiting, r running, d done, c current already, f failed. Raises UnknownExecution.
    """
    found = first(connection, "cells", id=execution_id, seconds=seconds)
    if found is None:
        raise UnknownExecution(execution=execution_id)
    return found


def one_outcome(
    connection: Connection, execution_id: str, database_id: str, schema_name: str, stage: int
) -> Row[Any] | None:
    """What became of one target in a stage; None when it has no part in it."""
    place = {"database_id": database_id, "schema_name": schema_name, "stage": stage}
    return first(connection, "one_outcome", id=execution_id, **place)


def running_databases(connection: Connection, execution_id: str) -> dict[str, int]:
    """How many targets are being worked on, by database; databases without any are left out."""
    return {row.database_id: row.running for row in rows(connection, "running_databases", id=execution_id)}


def pace_of_ends(connection: Connection, execution_id: str, most: int) -> Sequence[Row[Any]]:
    """Done and failed targets by span: ``at`` counts from 0, spans in which nothing ended are left out.

    Each row also says of how many ``spans`` it is one, and the ``seconds`` of all from ``first_at`` on.
    """
    return rows(connection, "pace_of_ends", id=execution_id, most=most)
