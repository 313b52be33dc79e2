"""Dead letters: events that failed after their last try, kept, and sent again when an operator says so."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import structlog
from sqlalchemy import Row

from migrator.errors import BadPayload, EventNotRetried, IllegalStep, UnknownEvent
from migrator.fleet import events
from migrator.model.event import EventType
from migrator.model.execution import ExecutionState
from migrator.wire.answers import forget_answer
from tasks import desk
from tasks.application import app
from tasks.broker_repairs import BROKER_ERRORS
from tasks.steering import steer_here

_NEVER = {BadPayload.__name__: "was refused for its payload", "CalledOff": "was called off"}
_FAILED = ExecutionState.FAILED.value

log = structlog.get_logger("migrator.event")


def retry_event(event_id: str, by: str) -> dict[str, Any]:
    """Send a dead letter again under its id, with its stored payload and all its tries.

    One that started an execution takes up what failed there, as 'migrator retry' does. Raises UnknownEvent and
    EventNotRetried: what was refused at the door has to be sent anew, because what was wrong in it is not stored; what
    an operator called off stays so.
    """
    with desk.store().begin() as connection:
        letter = events.dead_letter(connection, event_id)
    if letter.error in _NEVER:
        raise EventNotRetried(event=event_id, reason=f"{_NEVER[letter.error]} and has to be sent anew")
    if letter.execution_state is not None:
        return _retry_execution(letter, by)
    with desk.store().begin() as connection:
        if not events.send_again(connection, event_id, by):
            raise EventNotRetried(event=event_id, reason="is no dead letter any more")
    _send(letter)
    log.info("event is sent again", event_id=event_id, type=letter.type, by=by)
    return _said(letter, sent=True, summary=f"event {event_id} is sent again")


def retry_events(ids: Iterable[str], by: str) -> list[dict[str, Any]]:
    """Each of them; what cannot be sent again says why."""
    return [_tried(event_id, by) for event_id in ids]


def dead_ids(type_: EventType | None = None) -> list[str]:
    """All dead letters that may be sent again in the lump, oldest first.

    Not what can never be, nor an execution that halted, was cancelled or taken back: somebody decided about that.
    """
    with desk.store().begin() as connection:
        found = events.dead_letters(connection, type_)
    return [each.id for each in found if each.error not in _NEVER and each.execution_state in (None, _FAILED)]


def _tried(event_id: str, by: str) -> dict[str, Any]:
    try:
        return retry_event(event_id, by)
    except (EventNotRetried, UnknownEvent) as error:
        return {"event": event_id, "type": None, "sent": False, "summary": str(error)}


def _retry_execution(letter: Row[Any], by: str) -> dict[str, Any]:
    try:
        said = steer_here(letter.id, "retry", by)
    except IllegalStep as error:
        raise EventNotRetried(event=letter.id, reason=f"cannot go on: {error}") from None
    return _said(letter, sent=bool(said["changed"]), summary=said["summary"])


def _send(letter: Row[Any]) -> None:
    """The stored result is forgotten, so that who waits gets the new one."""
    try:
        forget_answer(app, letter.id)
        app.send_task(EventType(letter.type).task_name, task_id=letter.id, queue=letter.priority)
    except BROKER_ERRORS as error:
        log.warning("event could not be sent, upkeep will", event_id=letter.id, reason=str(error))


def _said(letter: Row[Any], *, sent: bool, summary: str) -> dict[str, Any]:
    return {"event": letter.id, "type": letter.type, "sent": sent, "summary": summary}
