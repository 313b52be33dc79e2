"""What becomes of a message that was refused by a worker: its sender is told, and an event is kept."""

from __future__ import annotations

from celery import states

from migrator.errors import MessageRefused, MigratorError, TransientError
from migrator.fleet import events
from migrator.model.door import checked_event_id
from migrator.model.event import Event, EventType
from tasks import desk
from tasks.application import app

_TYPES = {type_.task_name: type_ for type_ in EventType}


@app.task(name="migrator.refused", ignore_result=True, autoretry_for=(TransientError,), retry_backoff=True)
def refused(event_id: str, task: str, reason: str) -> None:
    """Store the event as failed and tell its sender. What is known under this id already stays as it is."""
    error = MessageRefused(task=task, reason=reason)
    if _is_new(event_id, _TYPES.get(task), error) and app.conf.result_backend:
        app.backend.store_result(event_id, error, states.FAILURE)


def _is_new(event_id: str, type_: EventType | None, error: MessageRefused) -> bool:
    with desk.store().begin() as connection:
        if events.find(connection, event_id) is not None:
            return False
        if type_ is None:
            return True
        try:
            new = Event(id=checked_event_id(type_, event_id), type=type_, priority=type_.priority)
        except MigratorError:
            return True  # no id to keep it under; the log has it
        events.receive(connection, new)
        events.fail(connection, new.id, type_, str(error), exit_code=error.exit_code, error=type(error).__name__)
        return True
