"""The end of an execution: it and its event are closed together, and what was waiting for that is set off."""

from __future__ import annotations

from typing import Any

import structlog
from sqlalchemy import Connection, Row

from migrator.errors import ExecutionFailed
from migrator.fleet import claims, events, ledger
from migrator.model.event import Event, EventType
from migrator.model.execution import ExecutionState, Work
from migrator.model.next_step import Standing, Step, next_step
from migrator.model.rollout import OnHalt
from migrator.watch.report import execution_report
from tasks import desk, spares, tracing
from tasks.application import app
from tasks.broker_repairs import BROKER_ERRORS
from tasks.drifting import MOST_NAMED, drifted
from tasks.event_task import Report
from tasks.snapshotting import clear_away

log = structlog.get_logger("migrator.rollout")


def finished(connection: Connection, event: Event) -> Report | None:
    """Close an execution in the transaction of its last outcome; its report, None when something is left to do."""
    standing = ledger.glance(connection, event.id)
    step = next_step(standing, desk.settings().lease)
    return end(connection, event, standing, step) if step is Step.FINISH else None


def end(connection: Connection, event: Event, standing: Standing, step: Step) -> Report:
    """Close execution and event together; returns the report."""
    claims.let_go(connection, event.id)
    row = ledger.execution(connection, event.id)
    looked = row.kind == Work.DRIFT
    odd = drifted(connection, event.id) if looked else []
    if not standing.state.is_end:
        state, reason = _end_state(standing, step, len(odd))
        ledger.move(connection, event.id, state, reason)
        row = ledger.execution(connection, event.id)
    state = ExecutionState(row.state)
    report = execution_report(connection, event.id, state.value) | {"over_budget": standing.is_over_budget}
    report |= {"drifted": odd[:MOST_NAMED]} if looked else {}
    tell_end(event.id, report)
    if state is ExecutionState.COMPLETED and (taken_back := _taken_back(row)):
        ledger.move(connection, taken_back, ExecutionState.ROLLED_BACK, f"rolled back by {event.id}")
    if state is ExecutionState.COMPLETED:
        events.complete(connection, event.id, report)
    else:
        events.fail(connection, event.id, event.type, report["summary"], report=report)
    return report


def tell_end(execution_id: str, report: Report) -> None:
    """One line in the log."""
    say = log.error if report["state"] == ExecutionState.HALTED else log.info
    say("execution ended", execution=execution_id, state=report["state"], summary=report["summary"])


def _taken_back(row: Row[Any]) -> str | None:
    """The execution that this one took back altogether; None when it took back only a part, or is no rollback."""
    return row.takes_back if row.to_version is None else None


def follow_up(event: Event, report: Report) -> None:
    """What an end sets off: the executions that waited for it, and, where it halted, the rollback that was asked for.

    The store of snapshots is tidied up after those that maintenance took. Each has an id of its own, so twice is once.
    """
    if event.type is not EventType.TENANT_CREATED and report["kind"] == Work.MIGRATE:
        spares.follow(event.id)
    with desk.store().begin() as connection:
        waiting = ledger.waiting_for(connection, event.id)
        kind = ledger.execution(connection, event.id).kind
    if kind == Work.SNAPSHOT:
        clear_away()
    for row in waiting:
        _send_event(row.id, EventType(row.type), row.priority)
    broken = report["state"] == ExecutionState.HALTED or report["over_budget"]
    if not broken or report["options"].get("on_halt") != OnHalt.ROLLBACK:
        return
    payload = {"execution_id": event.id, "requested_by": f"execution {event.id}, too much of which failed"}
    type_ = EventType.ROLLBACK_REQUESTED
    _send_event(f"{event.id}:rollback", type_, type_.priority.value, payload)


def _send_event(event_id: str, type_: EventType, queue: str, payload: dict[str, Any] | None = None) -> None:
    """Publish an event; one that is stored goes on where it stands."""
    try:
        with tracing.resumed(event_id):
            app.send_task(type_.task_name, kwargs=payload or {}, task_id=event_id, queue=queue)
    except BROKER_ERRORS as error:
        log.warning("event could not be sent", event_id=event_id, type=type_.value, reason=str(error))


def answered(report: Report) -> Report:
    """The report as the task's result, or raised as ExecutionFailed when not every target is done."""
    if report["state"] != ExecutionState.COMPLETED:
        raise ExecutionFailed(report["summary"], report)
    return report


def _end_state(standing: Standing, step: Step, odd: int) -> tuple[ExecutionState, str | None]:
    if step is not Step.HALT:
        reason = f"{odd} targets are not as most of their peers are" if odd else None
        return (ExecutionState.FAILED if standing.failed or odd else ExecutionState.COMPLETED), reason
    if standing.is_over_budget:
        return ExecutionState.HALTED, f"more targets failed than may, {standing.failed} by wave {standing.wave}"
    left = standing.waves - standing.wave
    return ExecutionState.HALTED, f"targets failed in wave {standing.wave}, {left} later waves depend on them"
