"""Stored events: the audit trail, and what makes an id count only once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from migrator.errors import EXIT_FAILED, EventNotRetried, UnknownEvent
from migrator.fleet.store import first, rows, run, together
from migrator.model.event import DEFAULT_MAX_RETRIES, Event, EventStatus, EventType, Priority


def receive(connection: Connection, event: Event, *, flush: bool = True) -> Event:
    """Store an event that is new, else take up the stored one, whose payload counts.

    The answer's status is ``processing``, or the end that the event already came to. Without ``flush`` the
    transaction's commit does not wait for the disk.
    """
    fresh = {
        "id": event.id,
        "type": event.type.value,
        "priority": event.priority.value,
        "payload": json.dumps(dict(event.payload), default=str),
        "max_retries": event.max_retries,
        "triggered_by": event.triggered_by,
        "correlation_id": event.correlation_id,
    }
    later = [] if flush else [("flush_later", dict[str, Any]())]
    stored = together(connection, *later, ("receive_event", fresh))
    if stored is not None:
        return as_event(stored)
    run(
        connection,
        "take_up_event",
        id=event.id,
        type=event.type.value,
        retry_count=event.retry_count,
        max_retries=event.max_retries,
    )
    return as_event(first(connection, "event", id=event.id))


def find(connection: Connection, event_id: str) -> Event | None:
    """A stored event by its id."""
    found = first(connection, "event", id=event_id)
    return as_event(found) if found is not None else None


def complete(connection: Connection, event_id: str, report: Mapping[str, Any]) -> None:
    """The event came to a good end; nothing happens when it had ended before."""
    run(connection, "complete_event", id=event_id, report=json.dumps(report))


def fail(
    connection: Connection,
    event_id: str,
    type_: EventType,
    sentence: str,
    *,
    report: Mapping[str, Any] | None = None,
    exit_code: int = EXIT_FAILED,
    error: str | None = None,
) -> None:
    """The event came to a bad end, kept with its reason, the exit code for a command that waits for it, and the
    name of the ``error``.

    Nothing happens when it had ended before, when its execution still runs, or when the id is another type's.
    """
    run(
        connection,
        "fail_event",
        id=event_id,
        type=type_.value,
        error_message=sentence,
        report=json.dumps(report) if report is not None else None,
        exit_code=exit_code,
        error=error,
    )


def reopen(connection: Connection, event_id: str) -> None:
    """An event that had failed goes on, because its execution does; nothing happens to any other."""
    run(connection, "reopen_event", id=event_id)


def schedule(connection: Connection, event: Event, at: datetime) -> bool:
    """Store an event that is not to be carried out before a moment; False when its id is known already."""
    stored = first(
        connection,
        "schedule_event",
        id=event.id,
        type=event.type.value,
        priority=event.priority.value,
        payload=json.dumps(dict(event.payload), default=str),
        triggered_by=event.triggered_by,
        at=at,
    )
    return stored is not None


def postpone(connection: Connection, event_id: str, at: datetime) -> None:
    """An event that came early waits in the ledger; nothing happens to one that has ended."""
    run(connection, "postpone_event", id=event_id, at=at)


def call_off(connection: Connection, event_id: str, sentence: str) -> bool:
    """An event that waits for its time will not be carried out; False, and nothing happens, when it does not wait."""
    return bool(run(connection, "call_off_event", id=event_id, error_message=sentence))


def take_due(connection: Connection) -> Sequence[Row[Any]]:
    """Take events (id, type, priority) whose time has come; nobody else gets them."""
    return rows(connection, "take_due_events")


def dead_letters(connection: Connection, type_: EventType | None = None) -> Sequence[Row[Any]]:
    """Every event (id, type, priority, error, execution_state) that failed, oldest first."""
    return rows(connection, "dead_letters", id=None, type=type_.value if type_ else None)


def dead_letter(connection: Connection, event_id: str) -> Row[Any]:
    """The same for one. Raises UnknownEvent, and EventNotRetried when it has not failed."""
    found = first(connection, "dead_letters", id=event_id, type=None)
    if found is not None:
        return found
    event = find(connection, event_id)
    if event is None:
        raise UnknownEvent(event=event_id)
    raise EventNotRetried(event=event_id, reason=f"is {event.status.value}, and only what failed is sent again")


def send_again(connection: Connection, event_id: str, by: str) -> bool:
    """A dead letter starts once more with all its tries, noted with who wanted it; False when it is none any more."""
    return run(connection, "revive_event", id=event_id, by=by) == 1


def note_retry(connection: Connection, event_id: str, type_: EventType, sentence: str, count: int = 1) -> None:
    """The event is going to be tried again because of this, for the ``count``-th time by the message it came with."""
    run(connection, "retry_event", id=event_id, type=type_.value, error_message=sentence, retry_count=count)


def keep_trace(connection: Connection, event_id: str, traceparent: str) -> None:
    """Keep the trace that an event belongs to, in W3C's form; one that is kept already stays."""
    run(connection, "keep_trace", id=event_id, traceparent=traceparent)


def kept_trace(connection: Connection, event_id: str) -> str | None:
    """The trace that an event belongs to, None where none is kept."""
    found = first(connection, "kept_trace", id=event_id)
    return found.traceparent if found is not None else None


def newest(
    connection: Connection, status: EventStatus | None = None, most: int = 50, *, unsent: bool = False
) -> list[Event]:
    """Stored events, newest first; of all, or only those that were published and not yet sent."""
    found = rows(connection, "events", status=status.value if status else None, most=most, unsent=unsent)
    return [as_event(row) for row in found]


def take_stranded(connection: Connection, patience: float) -> Sequence[Row[Any]]:
    """Take events (id, type, priority, retry_count) that lie for so many seconds without an end or an execution."""
    return rows(connection, "take_stranded_events", patience=patience)


def as_event(row: Row[Any] | None) -> Event:
    """A row of the table as its noun."""
    if row is None:
        raise ValueError("there is no such row")
    return Event(
        id=row.id,
        type=EventType(row.type),
        payload=row.payload,
        priority=Priority(row.priority),
        status=EventStatus(row.status),
        retry_count=row.retry_count,
        max_retries=DEFAULT_MAX_RETRIES if row.max_retries is None else row.max_retries,
        error_message=row.error_message,
        report=row.report,
        created_at=row.created_at,
        scheduled_at=row.scheduled_at,
        completed_at=row.completed_at,
        triggered_by=row.triggered_by,
        correlation_id=row.correlation_id,
        sent_at=row.sent_at,
        position=row.position,
        exit_code=row.metadata.get("exit_code", EXIT_FAILED) if row.status == EventStatus.FAILED else 0,
    )
