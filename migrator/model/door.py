"""The door: what an event says is checked before anything is done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from migrator.errors import BadPayload
from migrator.model.event import EventType
from migrator.model.fields import Payload
from migrator.model.payload import PAYLOADS

LONGEST_EVENT_ID = 200
"""Characters."""


def parse_payload(type_: EventType, fields: Mapping[str, Any]) -> Payload:
    """The payload as its noun, or BadPayload with all that is wrong in one sentence.

    Values are not quoted back: a password sent in the wrong field must not end up in a log.
    """
    try:
        return PAYLOADS[type_].model_validate(fields)
    except ValidationError as error:
        raise BadPayload(type=type_.value, reason="; ".join(_mistakes(error))) from None


def refused_payload(type_: EventType, fields: Mapping[str, Any]) -> BadPayload | None:
    """What is wrong with a payload, None when nothing is."""
    try:
        parse_payload(type_, fields)
    except BadPayload as error:
        return error
    return None


def checked_event_id(type_: EventType, event_id: str) -> str:
    """The id itself. Raises BadPayload for one that cannot be stored; such an event leaves no trace in the ledger."""
    if not 0 < len(event_id) <= LONGEST_EVENT_ID or not event_id.isprintable():
        raise BadPayload(type=type_.value, reason=f"its id is not 1 to {LONGEST_EVENT_ID} printable characters")
    return event_id


def _mistakes(error: ValidationError) -> list[str]:
    return [_mistake(e["loc"], e["type"], e["msg"]) for e in error.errors(include_url=False, include_input=False)]


def _mistake(where: tuple[int | str, ...], type_: str, message: str) -> str:
    field = ".".join(str(part) for part in where)
    if type_ == "extra_forbidden":
        return f"{field} is not a field of this event"
    if type_ == "missing":
        return f"{field} is missing"
    said = message.removeprefix("Value error, ")
    return f"{field}: {said}" if field else said
