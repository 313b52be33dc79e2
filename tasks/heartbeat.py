"""Keeps a claim alive while somebody works, also during one long statement."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

import structlog
from sqlalchemy import Connection

from migrator.errors import MigratorError
from migrator.fleet import claims, lanes
from migrator.fleet.claims import Claimer
from tasks import desk

log = structlog.get_logger("migrator.heartbeat")


class Heartbeat:
    """A thread that renews a lease three times while that lasts."""

    def __init__(self, holder: str, lease_seconds: float, renew: Callable[[Connection], None]) -> None:
        self._holder, self._every, self._renew = holder, lease_seconds / 3, renew
        self._stopped = threading.Event()
        here = contextvars.copy_context()  # so that its lines say whose they are
        name = f"heartbeat {holder}"
        self._thread = threading.Thread(target=here.run, args=(self._beat,), name=name, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._stopped.wait(self._every):
            try:
                with desk.store().begin() as connection:
                    self._renew(connection)
            except MigratorError as error:
                log.warning("leases could not be renewed", holder=self._holder, reason=str(error))


def of_lane(claimer: Claimer) -> Heartbeat:
    """Of a lane's slot and all targets that were claimed with it."""

    def renew(connection: Connection) -> None:
        lanes.renew(connection, claimer.database_id, claimer.holder, claimer.lease_seconds)
        claims.renew(connection, claimer)

    return Heartbeat(claimer.holder, claimer.lease_seconds, renew)
