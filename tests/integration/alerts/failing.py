"""An event that fails, and the channel that is told of it."""

from __future__ import annotations

from migrator.fleet import events
from migrator.model.event import Event, EventType
from migrator.watch.alerts.look import ChannelFilter

OPS = ChannelFilter("ops")

BROKEN = "event e9 went wrong"


def fail(store, id_="e9", type_=EventType.TENANT_CREATED, error="SchemaRefused"):
    with store.begin() as connection:
        events.receive(connection, Event(id_, type_))
        events.fail(connection, id_, type_, BROKEN, error=error)
