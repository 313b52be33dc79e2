"""Something happened that rules look at: they are held against the ledger now, and not only when upkeep comes."""

from __future__ import annotations

import threading
import time

import structlog

from tasks.application import app
from tasks.broker_repairs import BROKER_ERRORS

REST_SECONDS = 1.0
"""A process asks no oftener; what it leaves out upkeep sees to, a few seconds later."""
EXPIRES_SECONDS = 30.0

log = structlog.get_logger("migrator.alert")


class _Rest:
    """Says when it may be asked again."""

    def __init__(self) -> None:
        self._lock, self._until = threading.Lock(), 0.0

    def is_over(self) -> bool:
        """Whether it is; a new one begins then."""
        with self._lock:
            now = time.monotonic()
            if now < self._until:
                return False
            self._until = now + REST_SECONDS
            return True


_rest = _Rest()


def notice() -> None:
    """Ask for a look at the alerts, after the commit of what happened; nothing waits for it or fails because of it."""
    if not app.conf.broker_url or not _rest.is_over():
        return
    try:
        app.send_task("migrator.alert", queue="high", expires=EXPIRES_SECONDS, retry=False)
    except BROKER_ERRORS as error:
        log.warning("nobody could be asked to look at alerts, upkeep will", reason=str(error))
