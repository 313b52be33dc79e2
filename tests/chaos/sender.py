"""An application beside the fleet: it sends events by Celery alone, and again when the broker forgot them.

Where there is an outbox, events can be put into the outbox instead; those are never sent again.
"""

from __future__ import annotations

import json
import time
from typing import Any

from celery import Celery
from kombu import Queue
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from tests.chaos.site import Site

PATIENCE_SECONDS = 3.0
"""An event that is not in the ledger after this time is sent again: ``.delay()`` is as durable as the broker."""


class Sender:
    """Sends events and remembers them until they are in the ledger."""

    def __init__(self, site: Site) -> None:
        self._site = site
        [(self._outbox,)] = site.ask("SELECT to_regproc('migrator.publish')::text")
        self._app = Celery("chaos", broker=site.broker_url, set_as_current=False)
        self._app.conf.update(broker_transport_options={"socket_timeout": 5}, task_ignore_result=True)
        self._waiting: dict[str, tuple[float, str, str, dict[str, Any]]] = {}
        self.sent: list[str] = []
        self.again = 0

    def send(self, event_id: str, type_: str, queue: str, **payload: Any) -> None:
        """Send an event under an id."""
        self.sent.append(event_id)
        self._publish(event_id, type_, queue, payload)

    def publish(self, event_id: str, type_: str, queue: str, **payload: Any) -> None:
        """Put an event into the outbox, or send it where there is none."""
        if not self._outbox:
            self.send(event_id, type_, queue, **payload)
            return
        self.sent.append(event_id)
        query = "SELECT migrator.publish(%s, %s::jsonb, %s)"
        self._site.ask(query, (type_, json.dumps(payload), event_id))

    def steer(self, execution_id: str, action: str) -> None:
        """Do what an operator does."""
        self._app.send_task("migrator.steer", (execution_id, action), {"by": "chaos"}, queue=_queue("critical"))

    def look(self) -> bool:
        """Send again what the ledger does not have after a while; whether it has all by now."""
        if self._waiting:
            query = "SELECT id FROM migrator.event WHERE id = ANY(%s)"
            for (event_id,) in self._site.ask(query, [list(self._waiting)]):
                del self._waiting[event_id]
        for event_id, (since, type_, queue, payload) in list(self._waiting.items()):
            if time.monotonic() - since > PATIENCE_SECONDS:
                self.again += 1
                self._publish(event_id, type_, queue, payload)
        return not self._waiting

    def close(self) -> None:
        """Close the connections to the broker."""
        self._app.close()

    @retry(
        retry=retry_if_exception_type((OperationalError, RedisError, OSError)),
        stop=stop_after_delay(60),
        wait=wait_fixed(0.2),
        reraise=True,
    )
    def _publish(self, event_id: str, type_: str, queue: str, payload: dict[str, Any]) -> None:
        self._app.send_task(f"migrator.{type_}", kwargs=payload, task_id=event_id, queue=_queue(queue))
        self._waiting[event_id] = (time.monotonic(), type_, queue, payload)


def _queue(name: str) -> Queue:
    """The workers declare it; we only name it."""
    return Queue(name, exchange="", routing_key=name, no_declare=True)
