"""What the ledger knows that may be a cause for an alert. Rows as they are; the rules judge them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row

from migrator.fleet.store import first, rows


def dead_letters(connection: Connection, within: float) -> Sequence[Row[Any]]:
    """Events that failed in the last ``within`` seconds, grouped (type, error, execution_id, number, ids, reason)."""
    return rows(connection, "dead_letter_causes", within=within)


def halted(connection: Connection, within: float) -> Sequence[Row[Any]]:
    """Executions that halted and were left so."""
    return rows(connection, "halted_causes", within=within)


def rollbacks(connection: Connection, within: float) -> Sequence[Row[Any]]:
    """Rollbacks that came to a bad end and were not followed by another one."""
    return rows(connection, "rollback_causes", within=within)


def open_executions(connection: Connection, fresh: float) -> Sequence[Row[Any]]:
    """Executions that have not ended; what preflight said counts for ``fresh`` seconds."""
    return rows(connection, "open_causes", fresh=fresh)


def breakers(connection: Connection) -> Sequence[Row[Any]]:
    """Breakers (database_id, state, reason, by, at) that are not closed."""
    return rows(connection, "breaker_causes")


def drift(connection: Connection, within: float) -> Sequence[Row[Any]]:
    """Databases whose last look for drift found some (database_id, id of the execution, number, schemas)."""
    return rows(connection, "drift_causes", within=within)


def due_events(connection: Connection) -> Sequence[Row[Any]]:
    """Events that are due and that nobody took (priority, number, id and type of the oldest, its age in seconds)."""
    return rows(connection, "due_causes")


def relay(connection: Connection) -> Row[Any] | None:
    """Published events that wait for the relay (number, id and age in seconds of the oldest); None for none."""
    return first(connection, "relay_cause")


def pools(connection: Connection, standard: int) -> Sequence[Row[Any]]:
    """Pools (database_id, wanted, ready, refusal, seconds) that are short; ``standard`` is what the setting wants."""
    return rows(connection, "pool_causes", standard=standard)


def losses(connection: Connection, least: int) -> Sequence[Row[Any]]:
    """Targets without an outcome on which so many workers or more were lost, and that were all these had in hand."""
    return rows(connection, "loss_causes", least=least)
