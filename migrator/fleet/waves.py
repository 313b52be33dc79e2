"""The waves of an execution: sent out one after the other, and cut anew when what is left is taken up again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row

from migrator.fleet.claims import Claimer
from migrator.fleet.registry import as_target
from migrator.fleet.store import rows, run
from migrator.model.plan import PlannedTarget, PlannedWave, cut_into_waves
from migrator.model.rollout import Rollout
from migrator.model.window import Window


def add(connection: Connection, execution_id: str, planned: Sequence[PlannedWave]) -> None:
    """Write the waves of a plan."""
    run(connection, "add_waves", **wave_rows(execution_id, planned))


def wave_rows(execution_id: str, planned: Sequence[PlannedWave]) -> dict[str, Any]:
    """What ``add_waves`` writes."""
    return {
        "execution_id": execution_id,
        "numbers": [wave.number for wave in planned],
        "stages": [wave.stage for wave in planned],
        "canaries": [wave.is_canary for wave in planned],
        "totals": [wave.total for wave in planned],
        "most": [wave.most_failures for wave in planned],
    }


def waves(connection: Connection, execution_id: str) -> Sequence[Row[Any]]:
    """The waves of an execution, in order."""
    return rows(connection, "waves", id=execution_id)


def note_sent(connection: Connection, execution_id: str, wave: int) -> None:
    """The execution has moved on to this wave."""
    run(connection, "send_wave", id=execution_id, wave=wave)


def note_sent_again(connection: Connection, execution_id: str) -> None:
    """The execution's wave goes out once more."""
    run(connection, "send_again", id=execution_id)


def note_driven(connection: Connection, execution_id: str) -> None:
    """Somebody is at the execution, or waits and will be back; upkeep need not send anybody else."""
    run(connection, "note_driven", id=execution_id)


def note_lane_waits(connection: Connection, claimer: Claimer, seconds: float) -> None:
    """A lane waits outside the workers and will have said so again, or be back, before these seconds are over."""
    place = {"execution_id": claimer.execution_id, "database_id": claimer.database_id, "wave": claimer.wave}
    run(connection, "note_lane_waits", **place, seconds=seconds)


def waiting_databases(connection: Connection, execution_id: str, wave: int) -> set[str]:
    """Where lanes of a wave wait outside the workers: for a gate, a breaker or a slot."""
    return {row.database_id for row in rows(connection, "waiting_databases", id=execution_id, wave=wave)}


def lost_lanes(connection: Connection, execution_id: str) -> dict[str, int]:
    """How many lanes were lost since the current wave was last sent out, by database."""
    return {row.database_id: row.lost for row in rows(connection, "lost_lanes", id=execution_id)}


def free_targets(connection: Connection, execution_id: str, wave: int) -> dict[str, int]:
    """How many targets of a wave are free, by database; databases without any are left out."""
    return {row.database_id: row.free for row in rows(connection, "free_targets", id=execution_id, wave=wave)}


def soak(connection: Connection, execution_id: str) -> None:
    """Wait for as long as the rollout asks for between two waves."""
    run(connection, "soak", id=execution_id)


def roll_over(connection: Connection, execution_id: str, window: Window) -> None:
    """What is left waits for another window."""
    run(connection, "roll_over", id=execution_id, opens=window.opens, closes=window.closes)


def cut_again(
    connection: Connection, execution_id: str, after: int, rollout: Rollout, *, failed: bool, forgive: bool
) -> int:
    """Cut what is left into new waves behind wave ``after``, the canary first; says how many targets that are.

    ``failed``: those that failed are taken up again. ``forgive``: those that stay failed count no more against the
    budget.
    """
    left = rows(connection, "remaining", id=execution_id, failed=failed)
    run(connection, "forget_waves", id=execution_id)
    cut: list[PlannedWave] = []
    planned: list[PlannedTarget] = []
    for stage, group in groupby(left, key=lambda row: row.stage):
        more, targets = cut_into_waves([as_target(row) for row in group], rollout, stage, after + 1 + len(cut))
        cut += more
        planned += targets
    _put(connection, execution_id, planned)
    add(connection, execution_id, cut)
    run(connection, "count_again", id=execution_id, forgive=forgive)
    return len(planned)


def _put(connection: Connection, execution_id: str, planned: Iterable[PlannedTarget]) -> None:
    found = list(planned)
    run(
        connection,
        "put_in_waves",
        execution_id=execution_id,
        databases=[each.target.database_id for each in found],
        schemas=[each.target.schema_name for each in found],
        stages=[each.stage for each in found],
        waves=[each.wave for each in found],
        positions=[each.position for each in found],
    )
