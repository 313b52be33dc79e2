"""The connection budget: a database has so many lanes and no more, across all workers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from migrator.fleet.store import first, run


@dataclass(frozen=True, slots=True)
class Budget:
    """How many connections may migrate one database at once.

    ``bulk`` slots are for the lanes of executions; ``spare`` ones on top of them are kept for events with a
    single target, which do not wait behind a bulk run. A single target may take a bulk slot that is free.
    """

    bulk: int
    spare: int = 1

    @property
    def total(self) -> int:
        """All slots."""
        return self.bulk + self.spare


def prepare(connection: Connection, database_id: str, budget: Budget) -> None:
    """Make the slots of a database; those above a budget that has shrunk are left alone and not used."""
    run(connection, "prepare_lanes", database_id=database_id, budget=budget.total)


def take(
    connection: Connection,
    database_id: str,
    holder: str,
    budget: Budget,
    seconds: float,
    *,
    single: bool = False,
    most: int | None = None,
) -> int | None:
    """Take a free slot for some seconds; None when all are taken. A single target prefers the spare ones.

    ``most`` is the highest slot that a lane may have while it works slower than its budget allows.
    """
    highest = budget.total if single else min(budget.bulk, most or budget.bulk)
    found = first(connection, "take_lane", **slot_wanted(database_id, holder, budget, seconds, highest))
    return int(found.slot) if found is not None else None


def slot_wanted(database_id: str, holder: str, budget: Budget, seconds: float, highest: int) -> dict[str, Any]:
    """What ``take_lane`` is asked with."""
    return {
        "database_id": database_id,
        "holder": holder,
        "seconds": seconds,
        "bulk": budget.bulk,
        "highest": highest,
    }


def taken(connection: Connection, database_id: str) -> int:
    """How many slots somebody has."""
    found = first(connection, "lanes_taken", database_id=database_id)
    return int(found.taken) if found is not None else 0


def renew(connection: Connection, database_id: str, holder: str, seconds: float) -> None:
    """Keep a slot for some more seconds."""
    run(connection, "renew_lane", database_id=database_id, holder=holder, seconds=seconds)


def leave(connection: Connection, database_id: str, holder: str) -> None:
    """Free a slot."""
    run(connection, "leave_lane", database_id=database_id, holder=holder)
