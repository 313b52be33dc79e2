"""The relay's way to the broker."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cache
from typing import Any

from celery import Celery
from sqlalchemy import Row

from migrator.model.event import EventType
from migrator.model.readable import readable
from tasks import tracing

LONGEST_WAIT = 5.0
"""Seconds for the broker's answer; the events that are being sent are locked meanwhile."""


@cache
def _application() -> Celery:
    """Sends as ours does and has no result backend: one would subscribe to the result of each event."""
    made = Celery("migrator.relay", amqp="migrator.wire.outgoing:Outgoing", set_as_current=False)
    made.config_from_object(os.environ.get("CELERY_CONFIG_MODULE", "config.celery"))
    made.conf.result_backend = None
    return made


class Outgoing:
    """A connection to the broker, made when it is first needed and again after it failed."""

    def __init__(self) -> None:
        self._connection: Any = None

    def send(self, events: Iterable[Row[Any]]) -> None:
        """Give events (id, type, priority, payload, traceparent) to the broker, in as few exchanges as it allows.

        When this raises, some, all or none of them may have been sent.
        """
        application = _application()
        try:
            producer = self._producer(application)
            with producer.batch():
                for event in events:
                    _send(application, producer, event)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the broker."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.collect(socket_timeout=LONGEST_WAIT)

    def _producer(self, application: Celery) -> Any:
        if self._connection is None:
            self._connection = application.connection_for_write(transport_options=_options(application))
            others = max(len(self._connection.alt) - 1, 0)  # each server that was named is tried once
            self._connection.ensure_connection(max_retries=others, timeout=LONGEST_WAIT)  # else it tries for ever
        return application.amqp.Producer(self._connection, auto_declare=False)


def _send(application: Celery, producer: Any, event: Row[Any]) -> None:
    """The trace that its publisher named goes on in the task."""
    parent = tracing.as_parent(event.traceparent)
    with tracing.within(parent):
        application.send_task(
            EventType(event.type).task_name,
            task_id=event.id,
            queue=event.priority,
            producer=producer,
            retry=False,
            argsrepr=readable(EventType(event.type), event.payload),
            kwargsrepr="{}",
            headers={"traceparent": parent} if parent else None,
        )


def _options(application: Celery) -> dict[str, Any]:
    """A broker that does not answer must not hold the relay; one of AMQP confirms what it took."""
    if (application.conf.broker_url or "").startswith(("redis", "valkey")):
        return {"socket_timeout": LONGEST_WAIT, "socket_connect_timeout": LONGEST_WAIT}
    return {"confirm_publish": True, "read_timeout": LONGEST_WAIT, "write_timeout": LONGEST_WAIT}
