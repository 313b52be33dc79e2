"""An event as it is given to the SQL function ``publish``: checked here, so that its publisher hears of mistakes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from migrator.errors import BadPayload, UnknownEventType
from migrator.model.door import checked_event_id, parse_payload
from migrator.model.event import EventType, Priority
from migrator.model.storable import storable, storable_value

SQL_TYPES: Mapping[str, str] = {
    "type": "text",
    "payload": "jsonb",
    "id": "text",
    "priority": "text",
    "scheduled_at": "timestamptz",
    "correlation_id": "text",
    "triggered_by": "text",
    "metadata": "jsonb",
    "max_retries": "integer",
}
"""The parameters of ``publish`` in SQL."""


def event_type(name: str) -> EventType:
    """The type of that name. Raises UnknownEventType."""
    try:
        return EventType(name)
    except ValueError:
        raise UnknownEventType(type=name, known=", ".join(EventType)) from None


def publication(type_: EventType, payload: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """A value for each of SQL_TYPES, None for an option that was not given; JSON is text.

    What is checked is the payload as it will be read back. Raises BadPayload.
    """
    values: dict[str, Any] = {**dict.fromkeys(SQL_TYPES), **options, "type": type_.value}
    fields = _as_json(type_, "its payload", payload)
    parse_payload(type_, fields)
    values["payload"] = json.dumps(storable(type_, fields))
    if values["id"] is not None:
        checked_event_id(type_, values["id"])
    if values["priority"] is not None:
        values["priority"] = _priority(type_, values["priority"])
    if values["metadata"] is not None:
        metadata = _as_json(type_, "its metadata", values["metadata"])
        values["metadata"] = json.dumps(storable_value(metadata))
    values["scheduled_at"] = _in_utc(values["scheduled_at"])
    return values


def _as_json(type_: EventType, what: str, value: Mapping[str, Any]) -> dict[str, Any]:
    """As it will be read back: a moment is text by then, a tuple a list."""
    if not isinstance(value, Mapping):
        raise BadPayload(type=type_.value, reason=f"{what} is not a mapping of names to values")
    try:
        read: dict[str, Any] = json.loads(json.dumps(dict(value), default=_plain, allow_nan=False))
    except (TypeError, ValueError):
        raise BadPayload(type=type_.value, reason=f"{what} cannot be written as JSON") from None
    return read


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return str(value)


def _priority(type_: EventType, name: str) -> str:
    try:
        return Priority(name).value
    except ValueError:
        raise BadPayload(
            type=type_.value, reason=f"there is no priority {name}; there are: {', '.join(Priority)}"
        ) from None


def _in_utc(at: datetime | None) -> datetime | None:
    return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at
