"""Sends an event for somebody at a page, as the command line does: checked here and now, and under one id."""

from __future__ import annotations

from typing import Any

from kombu.utils.uuid import uuid

from migrator.errors import BrokerUnreachable
from migrator.model.door import parse_payload
from migrator.model.event import EventType
from tasks import app
from tasks.broker_repairs import BROKER_ERRORS


def ask(type_: EventType, payload: dict[str, Any]) -> str:
    """The id of the event, under which its execution will be found. Raises BadPayload or BrokerUnreachable."""
    event_id = str(uuid())
    if type_ is EventType.MIGRATION_REQUESTED:
        payload = {"request_id": event_id, **payload}
    parse_payload(type_, payload)
    try:
        app.tasks[type_.task_name].apply_async(kwargs=payload, task_id=event_id, retry=False)
    except BROKER_ERRORS as error:
        raise BrokerUnreachable(address=app.connection_for_write().as_uri(), reason=error) from None
    return event_id
