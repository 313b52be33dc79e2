"""Keeps a lane's claims alive while it works, also during one long statement."""

from __future__ import annotations

import contextvars
import threading
from types import TracebackType
from typing import Self

import structlog

from migrator.errors import MigratorError
from migrator.fleet import claims, lanes
from migrator.fleet.claims import Claimer
from tasks import desk

log = structlog.get_logger("migrator.heartbeat")


class Heartbeat:
    """A thread that renews the lease of a slot and of all targets claimed with it, three times per lease."""

    def __init__(self, claimer: Claimer) -> None:
        self._claimer = claimer
        self._stopped = threading.Event()
        here = contextvars.copy_context()  # so that its lines say whose they are
        name = f"heartbeat {claimer.holder}"
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
        claimer = self._claimer
        while not self._stopped.wait(claimer.lease_seconds / 3):
            try:
                with desk.store().begin() as connection:
                    lanes.renew(connection, claimer.database_id, claimer.holder, claimer.lease_seconds)
                    claims.renew(connection, claimer)
            except MigratorError as error:
                log.warning("leases could not be renewed", holder=claimer.holder, reason=str(error))
