"""Steering executions: at once in the ledger, and then on with what there is to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from sqlalchemy import Connection

from migrator.errors import UnknownAction
from migrator.fleet import events, ledger, steering
from migrator.model.event import EventStatus, EventType
from migrator.wire.answers import forget_answer
from tasks import desk
from tasks.application import app
from tasks.broker_repairs import BROKER_ERRORS
from tasks.notice import notice

log = structlog.get_logger("migrator.steering")

_ACTIONS: dict[str, Callable[[Connection, str, str], bool | int]] = {
    "pause": steering.pause,
    "resume": steering.resume,
    "cancel": steering.cancel,
    "retry": steering.retry,
}
_DONE = {"pause": "paused", "resume": "going on", "cancel": "cancelled", "retry": "taking up what failed or was left"}


@app.task(name="migrator.steer")
def steer(execution_id: str, action: str, by: str) -> dict[str, Any]:
    """Pause, resume, cancel or retry an execution: ``steer.delay(id, "pause", by="ann")``. Twice does no harm."""
    return steer_here(execution_id, action, by)


def steer_here(execution_id: str, action: str, by: str) -> dict[str, Any]:
    """The same in this process, without a worker. Raises UnknownExecution, IllegalStep or UnknownAction.

    An event that waits for its time can be cancelled too, by its id.
    """
    if action not in _ACTIONS:
        raise UnknownAction(action=action, known=", ".join(_ACTIONS))
    if action == "cancel" and (called_off := _call_off(execution_id, by)):
        return called_off
    with desk.store().begin() as connection:
        changed = bool(_ACTIONS[action](connection, execution_id, by))
        row = ledger.execution(connection, execution_id)
    log.info("execution steered", execution=execution_id, action=action, by=by, changed=changed)
    if changed:
        _drive_on(execution_id, EventType(row.type), row.event_status)
        notice()
    said = f"execution {execution_id} is {_DONE[action]}" if changed else f"execution {execution_id} was so already"
    return {"execution": execution_id, "action": action, "state": row.state, "changed": changed, "summary": said}


def _call_off(event_id: str, by: str) -> dict[str, Any] | None:
    """Cancel an event that waits for its time: nothing was begun. None for any other, which has an execution."""
    with desk.store().begin() as connection:
        event = events.find(connection, event_id)
        if event is None or event.scheduled_at is None or ledger.has_execution(connection, event_id):
            return None
        changed = events.call_off(connection, event.id, f"it was called off by {by} before its time")
    log.info("event called off", event_id=event.id, by=by, changed=changed)
    if changed:
        _drive_on(event.id, event.type, EventStatus.FAILED)  # whoever waits for its result gets the reason
    said = f"event {event.id} is called off" if changed else f"event {event.id} does not wait any more"
    return {"execution": event.id, "action": "cancel", "state": "cancelled", "changed": changed, "summary": said}


def _drive_on(execution_id: str, type_: EventType, event_status: str) -> None:
    """Send its event, so that nobody has to wait for upkeep; the stored result of an earlier end is forgotten."""
    try:
        if event_status == "processing":
            forget_answer(app, execution_id)
        app.send_task(type_.task_name, task_id=execution_id, queue=type_.priority.value)
    except BROKER_ERRORS as error:
        log.warning("execution could not be sent on, upkeep will", execution=execution_id, reason=str(error))
