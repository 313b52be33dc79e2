"""What commands need of the outside: the control database, and a way to send events."""

from __future__ import annotations

import getpass
from typing import Any

from kombu.exceptions import KombuError
from kombu.utils.url import maybe_sanitize_url
from kombu.utils.uuid import uuid
from redis.exceptions import RedisError

from migrator import client
from migrator.errors import BrokerUnreachable
from migrator.fleet.store import Store
from migrator.model.door import parse_payload
from migrator.model.event import EventType
from tasks import desk


def store() -> Store:
    """The control database of the settings."""
    return desk.store()


def whoami() -> str:
    """Who asks, for the audit trail."""
    return f"{getpass.getuser()}@{desk.host()}"


def send(type_: EventType, payload: dict[str, Any], event_id: str | None = None) -> str:
    """Check an event's payload here and now, send it, and return its id.

    Raises BadPayload before anything is sent, and BrokerUnreachable when it could not be.
    """
    parse_payload(type_, payload)
    broker = desk.required(desk.settings().broker_url, "the broker", "MIGRATOR_BROKER_URL")
    client.connect(broker, desk.settings().backend_url())
    event_id = event_id or payload.get("request_id") or uuid()
    try:
        client.EventSender(type_).apply_async(kwargs=payload, task_id=event_id, retry=False)
    except (KombuError, RedisError, OSError) as error:
        raise BrokerUnreachable(address=maybe_sanitize_url(broker), reason=error) from None
    return str(event_id)
