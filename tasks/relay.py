"""The relay: sends what was published in the control database to the broker. Any number of them may run."""

from __future__ import annotations

import threading
import time

import structlog
from kombu.exceptions import KombuError

from migrator.errors import BadPayload, MigratorError
from migrator.fleet import outbox
from migrator.fleet.listener import Listener
from migrator.model.door import refused_payload
from migrator.model.event import EventType
from tasks import desk
from tasks.application import app
from tasks.broker_repairs import BROKER_ERRORS
from tasks.outgoing import Outgoing

BATCH = 100
PAUSE = 1.0
"""Seconds before the next try, when control database or broker are away."""
LONGEST_REST = 1.0
"""A relay rests as long as it worked: thousands of events that wait for others must not keep the server busy."""
_AWAY = (MigratorError, KombuError, *BROKER_ERRORS)

log = structlog.get_logger("migrator.relay")


class Relay:
    """Sends events at least once: they are marked as sent in the transaction that took them, after the broker has them.

    A relay that dies in between leaves them unsent, and another one sends them again, under the same ids.
    """

    def __init__(self) -> None:
        self._outgoing = Outgoing()
        self._stopped = threading.Event()
        self._listener: Listener | None = None
        self._is_away = False

    def run(self) -> None:
        """Send whatever comes until ``stop`` is called, however often control database and broker go away."""
        while not self._stopped.is_set():
            try:
                self._relay()
            except _AWAY as error:
                self._say_away(str(error))
            except Exception:  # the edge of a thread: without it nobody would relay any more
                log.exception("the relay was interrupted and goes on")
            self._stopped.wait(PAUSE)
        self._outgoing.close()

    def stop(self) -> None:
        """Let ``run`` end, from another thread or a signal handler."""
        self._stopped.set()
        if self._listener is not None:
            self._listener.ring()

    def send_all(self, age: float = 0.0) -> int:
        """Send what may be sent now and was due for ``age`` seconds; how many were taken."""
        total = 0
        while not self._stopped.is_set() and (taken := self._send_some(age)):
            total += taken
        return total

    def close(self) -> None:
        """Let go of the broker."""
        self._outgoing.close()

    def _relay(self) -> None:
        store, every = desk.store(), desk.settings().relay_every
        with outbox.listen(store) as self._listener:
            while not self._stopped.is_set():
                began = time.monotonic()
                self.send_all()
                self._say_back()
                rested = time.monotonic() + min(time.monotonic() - began, LONGEST_REST)
                self._listener.wait(every)
                self._stopped.wait(max(rested - time.monotonic(), 0.0))
        self._listener = None

    def _send_some(self, age: float) -> int:
        with desk.store().begin() as connection:
            taken = outbox.take(connection, BATCH, age=age)
            refusals = {e.id: wrong for e in taken if (wrong := refused_payload(EventType(e.type), e.payload))}
            for event in taken:
                if event.id in refusals:
                    outbox.refuse(connection, event, refusals[event.id])
            good = [event for event in taken if event.id not in refusals]
            if good:
                self._outgoing.send(good)
                outbox.mark_sent(connection, [event.id for event in good])
        for event_id, refusal in refusals.items():
            _tell(event_id, refusal)
        return len(taken)

    def _say_away(self, reason: str) -> None:
        if not self._is_away:
            log.warning("events cannot be relayed, they wait", reason=reason)
        self._is_away = True

    def _say_back(self) -> None:
        if self._is_away:
            log.info("events are relayed again")
        self._is_away = False


def catch_up() -> None:
    """Upkeep's part: send what no relay has sent, and once more what no worker took up."""
    chosen = desk.settings()
    with desk.store().begin() as connection:
        for event in outbox.unsend_lost(connection, patience=2 * chosen.lease):
            log.warning("event was sent and never taken up, it is sent again", event_id=event.id, type=event.type)
    relay = Relay()
    try:
        if count := relay.send_all(age=3 * chosen.relay_every):
            log.warning("no relay sent these events, upkeep did", count=count)
    except _AWAY as error:
        log.warning("events cannot be relayed, they wait", reason=str(error))
    finally:
        relay.close()


def _tell(event_id: str, refusal: BadPayload) -> None:
    """Who waits for the event's result is told, as by a worker."""
    log.error("event failed", event_id=event_id, reason=str(refusal))
    try:
        if app.conf.result_backend:
            app.backend.mark_as_failure(event_id, refusal)
    except BROKER_ERRORS as error:
        log.warning("the result could not be stored", event_id=event_id, reason=str(error))
