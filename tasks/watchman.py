"""The watchman: a thread in each worker's main process that sees to alerts when nobody else does.

Beat may be dead, the broker away, or every child at work on something long: it needs none of them. One worker at a
time acts, by a turn that it takes in the ledger.
"""

from __future__ import annotations

import threading
from typing import Any

import structlog
from celery import bootsteps

from migrator.errors import MigratorError
from migrator.fleet import deliveries, ticks
from tasks import alerting, channels, desk

ROUND_SECONDS = 2.0
LATE_SECONDS = 3.0
"""A delivery that is due for longer was asked for in vain."""

log = structlog.get_logger("migrator.watchman")


class Watchman(bootsteps.StartStopStep):
    """Starts after the pool, so that its children are forked from a process without this thread."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker: Any, **options: Any) -> None:
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._was_ill = False
        super().__init__(worker, **options)
        channels.preload()

    def start(self, worker: Any) -> None:
        """Begin the rounds."""
        if desk.settings().control_url is None:
            return
        self._thread = threading.Thread(target=self._rounds, name="watchman", daemon=True)
        self._thread.start()

    def stop(self, worker: Any) -> None:
        """The last round may end by itself."""
        self._stopped.set()

    terminate = stop

    def _rounds(self) -> None:
        while not self._stopped.wait(ROUND_SECONDS):
            try:
                make_round()
            except Exception as error:
                if not self._was_ill:
                    log.warning("alerts cannot be looked at", reason=str(error), exc_info=_unexpected(error))
                self._was_ill = True
            else:
                self._was_ill = False


def _unexpected(error: Exception) -> Exception | None:
    """The error itself where its trace tells more than its sentence."""
    return None if isinstance(error, MigratorError) else error


def make_round() -> None:
    """Look by the rules when upkeep did not, and deliver what nobody delivers."""
    with desk.store().begin() as connection:
        if not ticks.claim(connection, ticks.WATCH, desk.host(), ROUND_SECONDS):
            return
        looked = ticks.age(connection, ticks.RULES)
        late = [channel for channel, age in deliveries.due(connection).items() if age > LATE_SECONDS]
    if looked is None or looked > longest_rest():
        alerting.look_around(alerting.deliver_here)
    for channel in late:
        if channel in channels.names():
            alerting.deliver_here(channel)


def longest_rest() -> float:
    """Seconds after which a look is overdue."""
    return min(desk.settings().upkeep_every, 5.0) + 1.0
