"""The last look at each database before an execution goes on there: one lane looks, the others use it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row
from sqlalchemy.exc import OperationalError

from migrator.errors import UnknownExecution
from migrator.fleet.claims import Claimer
from migrator.fleet.store import first, rows
from migrator.model.check import Check, worst
from migrator.model.execution import Work
from migrator.model.gate import Look, obstacles, remarks

LOCK_TIMEOUT = "55P03"
"""SQLSTATE."""


class LookTaken(Exception):
    """Another lane has been looking for a while; the transaction is over."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a lane stands that comes to the gate."""

    work: Work
    is_forced: bool
    has_free: bool
    """Whether there is anything to claim."""
    look: Look | None


def standing(connection: Connection, claimer: Claimer) -> Standing:
    """What a lane needs to know at the gate. Raises UnknownExecution."""
    row = first(connection, "gate", **_place(claimer))
    if row is None:
        raise UnknownExecution(execution=claimer.execution_id)
    look = _look(row) if row.checks is not None else None
    return Standing(Work(row.kind), row.is_forced, row.has_free, look)


def lock_look(connection: Connection, claimer: Claimer) -> Look | None:
    """The last look, locked until the transaction ends; None when there was none.

    Waits while another lane looks; raises LookTaken when that takes long.
    """
    try:
        row = first(connection, "lock_look", **_place(claimer))
    except OperationalError as error:
        if getattr(error.orig, "pgcode", None) == LOCK_TIMEOUT:
            raise LookTaken from None
        raise
    return _look(row) if row is not None and row.checks else None


def record_look(connection: Connection, claimer: Claimer, checks: Sequence[Check], gap: float) -> Look:
    """Write down what was found; ``gap`` is how many seconds after the last look a stop is taken for the same."""
    row = first(
        connection,
        "record_look",
        **_place(claimer),
        verdict=worst(checks).value,
        checks=json.dumps([check.as_row() for check in checks]),
        noticed=json.dumps({name: check.as_row() for name, check in remarks(checks).items()}),
        is_stopped=bool(obstacles(checks)),
        gap=gap,
    )
    return Look(tuple(checks), 0.0, _seconds(row.stopped if row is not None else None))


def free_schemas(connection: Connection, claimer: Claimer, most: int) -> tuple[str, ...]:
    """The schemas of a lane's database that come next."""
    return tuple(row.schema_name for row in rows(connection, "free_schemas", **_place(claimer), most=most))


def noticed(connection: Connection, execution_id: str) -> Sequence[tuple[str, bool, list[Check]]]:
    """Each database of which preflight had something to tell: whether it is stopped now, and what was told."""
    found = rows(connection, "noticed", id=execution_id)
    return [(row.database_id, row.is_stopped, _checks(row.noticed.values())) for row in found]


def _place(claimer: Claimer) -> Mapping[str, Any]:
    return {"execution_id": claimer.execution_id, "database_id": claimer.database_id, "wave": claimer.wave}


def _look(row: Row[Any]) -> Look:
    return Look(tuple(_checks(row.checks)), float(row.age), _seconds(row.stopped))


def _checks(found: Any) -> list[Check]:
    return [Check.read(each) for each in found]


def _seconds(found: Any) -> float:
    return float(found) if found is not None else 0.0
