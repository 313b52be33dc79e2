"""A connection to the control database that waits to be told of something."""

from __future__ import annotations

import contextlib
import selectors
import socket
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self, cast

import psycopg2
from sqlalchemy import Connection

from migrator.errors import ControlDatabaseUnreachable


class Listener:
    """Waits for notifications on a connection of its own, told by ``query`` of what; ``ring`` ends the wait early.

    Raises ControlDatabaseUnreachable when the connection is gone.
    """

    def __init__(self, connection: Connection, query: str, address: str) -> None:
        self._connection, self._address = connection, address
        self._raw = cast(Any, connection.connection.dbapi_connection)
        with self._reaching():
            self._raw.autocommit = True
            self._raw.cursor().execute(query)
        self._bell, self._ear = socket.socketpair()

    def wait(self, seconds: float) -> bool:
        """Whether something was notified, or rung, before the time was over."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._raw, selectors.EVENT_READ)
            selector.register(self._ear, selectors.EVENT_READ)
            heard = bool(selector.select(seconds))
        with self._reaching():
            self._raw.poll()
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
        self._connection.invalidate()  # nothing to roll back, and one that was cut could not be asked to
        self._connection.close()
        self._raw.close()
        self._bell.close()
        self._ear.close()

    @contextlib.contextmanager
    def _reaching(self) -> Iterator[None]:
        try:
            yield
        except psycopg2.Error as error:
            raise ControlDatabaseUnreachable(address=self._address, reason=str(error).strip()) from error
