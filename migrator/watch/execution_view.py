"""An execution as a page shows it: one document of plain values, made from the ledger alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from migrator.fleet import ledger, rollbacks, steering, views, waves
from migrator.model.execution import LEGAL, ExecutionState, Work
from migrator.watch.estimate import estimate
from migrator.watch.failure_groups import failure_groups
from migrator.watch.report import windows
from migrator.watch.waits import waits

RECENT_SECONDS = 30.0
"""The stretch over which the rate is measured."""
MOST_ACTIONS = 50
MOST_SPANS = 60
"""Into how many pieces the time of an execution is cut for its chart, at the most; none is shorter than a second."""
SHORTEST_CHART = 2.0
"""Seconds from the first end to the last, below which there is nothing to draw."""

_DOES = {
    "migrate": "Migrate",
    "rollback": "Roll back",
    "validate": "Validate",
    "drift": "Look for drift in",
    "snapshot": "Take snapshots of",
    "reindex": "Reindex",
    "analyze": "Analyze",
}
_STEPS = {
    "pause": ExecutionState.PAUSED,
    "cancel": ExecutionState.CANCELLED,
}


def execution_view(connection: Connection, execution_id: str) -> tuple[dict[str, Any], str]:
    """The document of an execution, and a letter for each target in the order of ``targets_view``.

    Raises UnknownExecution.
    """
    row = ledger.execution(connection, execution_id)
    counted = views.cells(connection, execution_id, RECENT_SECONDS)
    actions = steering.actions(connection, execution_id)
    cut = waves.waves(connection, execution_id)
    state, now = ExecutionState(row.state), datetime.now(UTC)
    running, failed = counted.cells.count("r"), counted.cells.count("f")
    ended = len(counted.cells) - running - counted.cells.count("w")
    document = {
        "execution": row.id,
        "title": title(row),
        "kind": row.kind,
        "type": row.type,
        "state": state.value,
        "spoken": state.spoken,
        "is_end": state.is_end,
        "since": _since(row, actions, cut).isoformat(),
        "requested_by": row.requested_by,
        "created_at": row.created_at.isoformat(),
        "finished_at": row.finished_at.isoformat() if row.finished_at else None,
        "seconds": round(float(row.seconds), 1) if state.is_end else None,
        "reason": row.reason,
        "takes_back": row.takes_back,
        "counts": {
            "total": len(counted.cells),
            "done": ended - failed,
            "failed": failed,
            "running": running,
            "left": counted.cells.count("w"),
            "skipped": row.skipped,
        },
        "budget": {"failed": row.failed - row.forgiven, "most": row.most_failures},
        "estimate": _estimate(row, counted, ended, now),
        "wave": row.wave,
        "windows": windows(row, actions),
        "stages": _stages(row, cut, state),
        "waits": waits(connection, row),
        "groups": failure_groups(connection, row) if failed else [],
        "actions": [_action(each) for each in actions[-MOST_ACTIONS:]],
        "rollbacks": [_rollback(each) for each in rollbacks.rollbacks(connection, execution_id)],
        "may": may(state, row.kind, failed or ended < len(counted.cells)),
        "options": row.options,
    }
    return document, counted.cells


def targets_view(connection: Connection, execution_id: str) -> list[list[Any]]:
    """Database, schema, tenant, wave and stage of each target, in an order that never changes."""
    return [list(row) for row in views.targets_in_order(connection, execution_id)]


def chart_view(connection: Connection, execution_id: str) -> dict[str, Any]:
    """Targets a second, done and failed, in each of equal spans of ``seconds`` each, from the first end to the last.

    Empty where too little has ended.
    """
    found = views.pace_of_ends(connection, execution_id, MOST_SPANS)
    if not found or float(found[0].seconds) < SHORTEST_CHART:
        return {}
    spans, length = found[0].spans, float(found[0].seconds) / found[0].spans
    done, failed = [0.0] * spans, [0.0] * spans
    for row in found:
        done[row.at], failed[row.at] = round(row.done / length, 2), round(row.failed / length, 2)
    return {"from": found[0].first_at.isoformat(), "seconds": round(length, 3), "done": done, "failed": failed}


def summary_view(row: Row[Any]) -> dict[str, Any]:
    """One line of a list of executions."""
    state = ExecutionState(row.state)
    return {
        "execution": row.id,
        "title": title(row),
        "state": state.value,
        "spoken": state.spoken,
        "is_end": state.is_end,
        "requested_by": row.requested_by,
        "created_at": row.created_at.isoformat(),
        "finished_at": row.finished_at.isoformat() if row.finished_at else None,
        "seconds": round(float(row.seconds), 1) if state.is_end else None,
        "reason": row.reason,
        "total": row.total,
        "done": row.done,
        "failed": row.failed,
        "skipped": row.skipped,
        "wave": row.wave,
        "waves": row.waves,
    }


def title(row: Row[Any]) -> str:
    """What an execution is there for: ``Migrate 300 tenant schemas to version 3``."""
    scopes = sorted({stage["scope"] for stage in row.stages})
    what = f"{scopes[0]} {'schema' if row.total == 1 else 'schemas'}" if len(scopes) == 1 else "targets"
    if row.total == 1 and len(scopes) != 1:
        what = "target"
    said = f"{_DOES[row.kind]} {row.total:,} {what}"
    if row.kind == Work.MIGRATE:
        said += f" to version {row.to_version}" if row.to_version else " to the newest version"
    return said


def may(state: ExecutionState, kind: str, is_left: bool) -> list[str]:
    """The ways to steer an execution that are open to it now."""
    said = [name for name, to in _STEPS.items() if to in LEGAL[state]]
    if state in (ExecutionState.PAUSED, ExecutionState.HALTED):
        said.append("resume")
    if is_left and state in (ExecutionState.HALTED, ExecutionState.FAILED, ExecutionState.CANCELLED):
        said.append("retry")
    if state.is_end and kind == Work.MIGRATE and state is not ExecutionState.ROLLED_BACK:
        said.append("rollback")
    return said


def _since(row: Row[Any], actions: Sequence[Row[Any]], cut: Sequence[Row[Any]]) -> datetime:
    """When an execution came to the state in which it is."""
    state = ExecutionState(row.state)
    if row.finished_at:
        moment: datetime = row.finished_at
    elif state is ExecutionState.PAUSED:
        moment = max((a.at for a in actions if a.action == "pause"), default=row.driven_at)
    elif state is ExecutionState.SOAKING:
        moment = row.driven_at
    elif state is ExecutionState.RUNNING:
        begun = [a.at for a in actions if a.action in ("resume", "retry", "roll_over")]
        moment = max(begun) if begun else min((w.sent_at for w in cut if w.sent_at), default=row.created_at)
    else:
        moment = row.created_at
    return moment


def _estimate(row: Row[Any], counted: Row[Any], ended: int, now: datetime) -> dict[str, Any]:
    begun = max(filter(None, (counted.first_at, now - timedelta(seconds=RECENT_SECONDS))))
    return estimate(
        state=ExecutionState(row.state),
        left=len(counted.cells) - ended,
        ended=ended,
        recent=counted.recent,
        recent_seconds=(now - begun).total_seconds(),
        seconds=float(row.seconds),
    )


def _stages(row: Row[Any], cut: Sequence[Row[Any]], state: ExecutionState) -> list[dict[str, Any]]:
    """Stages in order, each with its waves; a stage in which nothing was to be done has none."""
    return [
        {
            "number": stage["number"],
            "scope": stage["scope"],
            "to": stage["to"],
            "waves": [_wave(row, wave, state) for wave in cut if wave.stage == stage["number"]],
        }
        for stage in row.stages
    ]


def _wave(row: Row[Any], wave: Row[Any], state: ExecutionState) -> dict[str, Any]:
    ended = wave.done + wave.failed
    return {
        "number": wave.number,
        "is_canary": wave.is_canary,
        "total": wave.total,
        "done": wave.done,
        "failed": wave.failed,
        "most_failures": wave.most_failures,
        "sent_at": wave.sent_at.isoformat() if wave.sent_at else None,
        "ended_at": wave.ended_at.isoformat() if wave.ended_at else None,
        "step": _step(row, wave, state, ended),
    }


def _step(row: Row[Any], wave: Row[Any], state: ExecutionState, ended: int) -> str:
    """Where a wave stands: done, failed, running, stopped or waiting."""
    if ended >= wave.total:
        return "failed" if wave.failed else "done"
    if not wave.sent_at or wave.number > row.wave:
        return "never" if state.is_end else "waiting"
    return "running" if state is ExecutionState.RUNNING else "stopped"


def _action(row: Row[Any]) -> dict[str, Any]:
    return {"action": row.action, "by": row.by, "at": row.at.isoformat(), "note": row.note}


def _rollback(row: Row[Any]) -> Mapping[str, Any]:
    return {"execution": row.id, "state": row.state, "by": row.requested_by, "at": row.created_at.isoformat()}
