"""What became of the breakers, written down by whoever changed one; the workers' own store decides, this tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row

from migrator.fleet.store import rows, run
from migrator.model.breaker import BreakerState


def note(connection: Connection, database_id: str, state: BreakerState, reason: str | None, by: str) -> None:
    """Write down what a breaker is from now on."""
    run(connection, "note_breaker", database_id=database_id, state=state.value, reason=reason, by=by)


def last_changes(connection: Connection) -> Mapping[str, Row[Any]]:
    """The last change of each breaker that ever had one (state, reason, at, by), by database."""
    return {row.database_id: row for row in rows(connection, "breakers")}


def not_closed(connection: Connection) -> Mapping[str, Row[Any]]:
    """The same, of those that are open or half-open."""
    return {id_: row for id_, row in last_changes(connection).items() if row.state != BreakerState.CLOSED}


def of_execution(connection: Connection, execution_id: str) -> Sequence[Row[Any]]:
    """The databases (database_id, state, reason, at) of an execution whose breaker is open or half-open."""
    return rows(connection, "breakers_of_execution", id=execution_id)
