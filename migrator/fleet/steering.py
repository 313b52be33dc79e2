"""Steering an execution: pause, resume, cancel, retry. Each step is written down with who took it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row

from migrator.errors import IllegalStep
from migrator.fleet import events, ledger, waves
from migrator.fleet.store import rows, run
from migrator.model.execution import ExecutionState, check_step
from migrator.model.rollout import Rollout


def pause(connection: Connection, execution_id: str, by: str) -> bool:
    """No further target is claimed; False when it is paused already. Raises IllegalStep once it has ended."""
    row = ledger.lock(connection, execution_id)
    if row.state == ExecutionState.PAUSED:
        return False
    check_step(execution_id, ExecutionState(row.state), ExecutionState.PAUSED, "paused")
    ledger.move(connection, execution_id, ExecutionState.PAUSED, f"paused by {by}")
    note(connection, execution_id, "pause", by)
    return True


def cancel(connection: Connection, execution_id: str, by: str) -> bool:
    """No further target is claimed and none ever will be; False when it is cancelled already.

    What is changed stays changed. Raises IllegalStep when it has ended otherwise.
    """
    row = ledger.lock(connection, execution_id)
    if row.state == ExecutionState.CANCELLED:
        return False
    check_step(execution_id, ExecutionState(row.state), ExecutionState.CANCELLED, "cancelled")
    ledger.move(connection, execution_id, ExecutionState.CANCELLED, f"cancelled by {by}")
    note(connection, execution_id, "cancel", by)
    return True


def resume(connection: Connection, execution_id: str, by: str) -> bool:
    """Go on: after a pause where it stopped, after a halt with a canary first; False when it is running.

    What failed before the halt stays failed and counts no more against the budget. Raises IllegalStep.
    """
    row = ledger.lock(connection, execution_id)
    state = ExecutionState(row.state)
    if state in (ExecutionState.PLANNED, ExecutionState.RUNNING, ExecutionState.SOAKING):
        return False
    if state not in (ExecutionState.PAUSED, ExecutionState.HALTED):
        raise IllegalStep(execution=execution_id, state=state.spoken, doing="resumed")
    if state is ExecutionState.HALTED:
        _begin_again(connection, row, failed=False)
    else:
        # planned: whoever drives it next sends the wave out again at once, instead of taking it for one that is out
        ledger.move(connection, execution_id, ExecutionState.PLANNED)
    ledger.wait_if_blocked(connection, execution_id)
    note(connection, execution_id, "resume", by)
    return True


def retry(connection: Connection, execution_id: str, by: str) -> int:
    """Take up what failed and what was not touched, with a canary first; says how many targets that are.

    Raises IllegalStep when it has not ended, or ended without such targets.
    """
    row = ledger.lock(connection, execution_id)
    state = ExecutionState(row.state)
    if state not in (ExecutionState.HALTED, ExecutionState.FAILED, ExecutionState.CANCELLED):
        raise IllegalStep(execution=execution_id, state=state.spoken, doing="retried")
    count = _begin_again(connection, row, failed=True)
    note(connection, execution_id, "retry", by, f"{count} targets")
    return count


def note(connection: Connection, execution_id: str, action: str, by: str, said: str | None = None) -> None:
    """Write down who did what."""
    run(connection, "note_action", execution_id=execution_id, action=action, by=by, note=said)


def actions(connection: Connection, execution_id: str) -> Sequence[Row[Any]]:
    """Who steered an execution, in order."""
    return rows(connection, "actions", id=execution_id)


def _begin_again(connection: Connection, row: Row[Any], *, failed: bool) -> int:
    """Planned, so that it does not soak once more behind the wave that is over; only its window is waited for.

    A single target has no wave to soak behind, and is worked on by its event's own task, which asks for one that runs.
    """
    rollout = Rollout.read(row.options)
    events.reopen(connection, row.id)
    count = waves.cut_again(connection, row.id, row.wave, rollout, failed=failed, forgive=not failed)
    ledger.move(connection, row.id, ExecutionState.RUNNING if row.total == 1 else ExecutionState.PLANNED)
    return count
