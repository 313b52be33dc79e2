"""Looks at the health of the installation beside the ledger: it takes seconds, and no frame waits for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from migrator.errors import MigratorError
from tasks import health

EVERY_SECONDS = 15.0


class HealthWatch:
    """The newest checkup."""

    def __init__(
        self,
        threads: ThreadPoolExecutor,
        every: float = EVERY_SECONDS,
        look: Callable[[], dict[str, Any]] | None = None,
    ) -> None:
        self._threads, self._every, self._look = threads, every, look or checked
        self._running: Future[dict[str, Any]] | None = None
        self._seen: dict[str, Any] | None = None
        self._due = 0.0

    def seen(self) -> dict[str, Any] | None:
        """What the last checkup said; None before the first. Begins another one when it is time, and never waits."""
        if self._running is not None and self._running.done():
            self._seen, self._running = self._running.result(), None
        if self._running is None and time.monotonic() >= self._due:
            self._due = time.monotonic() + self._every
            self._running = self._threads.submit(self._look)
        return self._seen


def checked() -> dict[str, Any]:
    """A checkup as one document."""
    try:
        return health.as_document(health.checkup()) | {"at": datetime.now(UTC).isoformat(), "error": None}
    except MigratorError as error:
        return {"health": "fail", "checks": [], "at": datetime.now(UTC).isoformat(), "error": str(error)}
