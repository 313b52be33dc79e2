"""A connection to the control database that waits to be told of something."""

from __future__ import annotations

import contextlib
import selectors
import socket
from types import TracebackType
from typing import Any, Self

import psycopg2
from sqlalchemy import Connection

from migrator.errors import ControlDatabaseUnreachable


class Listener:
    """Waits for notifications on a connection of its own, which was told to LISTEN; ``ring`` ends the wait early."""

    def __init__(self, connection: Connection, address: str) -> None:
        self._connection, self._address = connection, address
        self._raw: Any = connection.connection.dbapi_connection
        self._bell, self._ear = socket.socketpair()

    def wait(self, seconds: float) -> bool:
        """Whether something was notified, or rung, before the time was over.

        Raises ControlDatabaseUnreachable when the connection is gone.
        """
        with selectors.DefaultSelector() as selector:
            selector.register(self._raw, selectors.EVENT_READ)
            selector.register(self._ear, selectors.EVENT_READ)
            heard = bool(selector.select(seconds))
        try:
            self._raw.poll()
        except psycopg2.Error as error:
            raise ControlDatabaseUnreachable(address=self._address, reason=str(error).strip()) from error
        self._raw.notifies.clear()
        return heard

    def ring(self) -> None:
        """End the wait of another thread, for good."""
        with contextlib.suppress(OSError):  # nobody waits any more
            self._bell.send(b"!")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()
        self._bell.close()
        self._ear.close()
