"""The pace of each database, shared by all its lanes: they report what they did, and one of them decides."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row

from migrator.fleet.claims import Claimer
from migrator.fleet.store import first, rows, run
from migrator.model.facts import Load
from migrator.model.pace import (
    Move,
    Pace,
    PaceLimits,
    Seen,
    Tally,
    for_other_targets,
    full_pace,
    next_pace,
    within_budget,
)

FORGOTTEN_AFTER = 300.0
"""Seconds after which a pace says nothing about a database any more."""
REST = 2.0
"""Seconds without any lane at work from which on measuring begins anew."""
MOST_CHANGES = 20


def begin(connection: Connection, claimer: Claimer, budget: int) -> Pace:
    """The pace to begin a shift with, within a budget of lanes."""
    row = first(connection, "pace", database_id=claimer.database_id, forgotten=FORGOTTEN_AFTER)
    if row is not None and not row.is_forgotten:
        return within_budget(_pace(row, claimer), row.budget, budget)
    full = full_pace(budget)
    run(
        connection,
        "begin_pace",
        database_id=claimer.database_id,
        budget=budget,
        lanes=full.lanes,
        batch=full.batch,
        move=full.move.value,
        reason=full.reason,
        forgotten=FORGOTTEN_AFTER,
    )
    return full


def report(connection: Connection, claimer: Claimer, tally: Tally) -> tuple[int, float]:
    """Add what a lane did; returns the most targets of its next batch, and for how many seconds has been measured."""
    row = first(
        connection,
        "report_pace",
        database_id=claimer.database_id,
        slot=tally.slot,
        seconds=tally.seconds,
        done=tally.done,
        failed=tally.failed,
        refused=tally.refused,
        rest=REST,
    )
    return (_pace(row, claimer).batch, float(row.seconds)) if row is not None else (PaceLimits(1).most, 0.0)


def decide(
    connection: Connection, claimer: Claimer, load: Load | None, limits: PaceLimits, *, every: float, bulk: int
) -> Pace | None:
    """Decide about the pace from what all lanes did; None when another lane is at it, or just was.

    ``bulk``: the slots of the database that are for lanes. ``load`` is None when it could not be asked for.
    """
    row = first(connection, "due_pace", database_id=claimer.database_id, bulk=bulk, every=every)
    if row is None:
        return None
    before = within_budget(_pace(row, claimer), row.budget, limits.budget)
    after = next_pace(before, _seen(row, load), limits)
    changed = [_change(claimer, row, after)] if after.lanes != before.lanes else []
    run(
        connection,
        "move_pace",
        database_id=claimer.database_id,
        budget=limits.budget,
        lanes=after.lanes,
        batch=after.batch,
        move=after.move.value,
        reason=after.reason,
        rate=after.rate,
        ceiling=after.ceiling,
        calm=after.calm,
        execution_id=claimer.execution_id,
        changes=json.dumps([*row.changes, *changed][-MOST_CHANGES:]),
    )
    return after


def paces(connection: Connection, execution_id: str) -> Sequence[dict[str, Any]]:
    """Each database at whose pace an execution had a hand: lanes, batch and reason in the end, and the last changes."""
    return [_told(row, execution_id) for row in rows(connection, "paces", id=execution_id)]


def _told(row: Row[Any], execution_id: str) -> dict[str, Any]:
    """Where another execution went on since, the last change of this one is its end."""
    own = [
        {name: value for name, value in change.items() if name != "execution"}
        for change in row.changes
        if change["execution"] == execution_id
    ]
    end = {"lanes": row.lanes, "batch": row.batch, "reason": row.reason} if row.is_last else own[-1]
    shown = {name: end[name] for name in ("lanes", "batch", "reason")}
    return {"database": row.database_id, **shown, "changes": own}


def _change(claimer: Claimer, row: Row[Any], after: Pace) -> dict[str, Any]:
    return {
        "execution": claimer.execution_id,
        "at": row.now.isoformat(timespec="seconds"),
        "lanes": after.lanes,
        "batch": after.batch,
        "reason": after.reason,
    }


def _pace(row: Row[Any], claimer: Claimer) -> Pace:
    kept = Pace(row.lanes, row.batch, Move(row.move), row.reason, row.rate, row.ceiling, row.calm)
    return kept if row.execution_id == claimer.execution_id else for_other_targets(kept)


def _seen(row: Row[Any], load: Load | None) -> Seen:
    return Seen(
        done=row.done,
        seconds=float(row.seconds),
        lanes=row.at_work,
        retries=row.refused,
        lock_waits=load.lock_waits if load else 0,
        failures=row.failed,
        lag_seconds=load.lag_seconds if load else None,
        active=load.active if load else 0,
    )
