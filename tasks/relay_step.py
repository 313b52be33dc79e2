"""A relay in the main process of every worker."""

from __future__ import annotations

import threading
from typing import Any

from celery import bootsteps

from tasks import desk
from tasks.relay import Relay

STOP_SECONDS = 5.0


class RelayStep(bootsteps.StartStopStep):
    """Runs a relay in a thread while the worker runs; after the pool, so that its children have no such thread."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker: Any, **options: Any) -> None:
        self._relay: Relay | None = None
        self._thread: threading.Thread | None = None
        super().__init__(worker, **options)

    def include_if(self, worker: Any) -> bool:
        """Whether the settings want workers to relay."""
        return desk.settings().relay

    def start(self, worker: Any) -> None:
        """Begin to relay."""
        self._relay = Relay()
        self._thread = threading.Thread(target=self._relay.run, name="relay", daemon=True)
        self._thread.start()

    def stop(self, worker: Any) -> None:
        """What is being sent is sent, the rest is for others."""
        if self._relay is not None and self._thread is not None:
            self._relay.stop()
            self._thread.join(STOP_SECONDS)

    terminate = stop
