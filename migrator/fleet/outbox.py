"""The outbox: events that were published in the control database, and which of them the relay may send now."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row

from migrator.errors import BadPayload
from migrator.fleet.listener import Listener
from migrator.fleet.store import Store, first, rows, run
from migrator.model.event import EventType
from migrator.model.storable import storable

_TYPES = [type_.value for type_ in EventType]


def listen(store: Store) -> Listener:
    """Be told when something was published, or when an event ended that another one waits for."""
    return store.listen("listen_for_events")


def take(connection: Connection, most: int, *, age: float = 0.0, hold: float = 15.0) -> Sequence[Row[Any]]:
    """Take events (id, type, priority, payload) that may be sent now and were due for ``age`` seconds.

    They are locked until the transaction ends, and nobody else gets them; the server ends a transaction that says
    nothing for ``hold`` seconds. Types that a newer release has added are left to its own relays.
    """
    first(connection, "limit_relay", seconds=int(hold))
    return rows(connection, "take_unsent_events", types=_TYPES, most=most, age=age)


def mark_sent(connection: Connection, ids: Sequence[str]) -> None:
    """The broker has them."""
    run(connection, "mark_sent", ids=list(ids))


def refuse(connection: Connection, event: Row[Any], refusal: BadPayload) -> None:
    """An event that was taken is not sent: its payload is wrong. It is kept as failed, with what is wrong."""
    run(
        connection,
        "refuse_event",
        id=event.id,
        error_message=str(refusal),
        payload=json.dumps(storable(EventType(event.type), event.payload)),
        exit_code=refusal.exit_code,
        error=type(refusal).__name__,
    )


def unsend_lost(connection: Connection, patience: float) -> Sequence[Row[Any]]:
    """Events (id, type) that were sent and that no worker took up for ``patience`` seconds are to be sent once more.

    The patience doubles with each time that an event was sent.
    """
    return rows(connection, "unsend_lost_events", patience=patience)


def relay_lag(connection: Connection) -> float | None:
    """For how many seconds the oldest event that may be sent now has been waiting; None when there is none.

    An event that waits for its time or for another one of its subject does not count: it is not late.
    """
    found = first(connection, "relay_lag")
    return None if found is None or found.seconds is None else float(found.seconds)
