"""Pooled connections that the server has ended are found out before they are used, mostly without asking the server."""

from __future__ import annotations

import select
import time
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DisconnectionError

ASKED_AFTER = 5.0
"""Seconds; one that lay idle for longer is asked, for a network can drop it without a word."""
_SINCE = "idle since"


def keep_alive_only(engine: Engine) -> None:
    """Have an engine's pool look at each connection that it hands out; a dead one is replaced by a new one.

    A server that ends a connection says so, and what it said can be read: that needs no round trip.
    """

    def note(_: Any, record: Any) -> None:
        record.info[_SINCE] = time.monotonic()

    def look(connection: Any, record: Any, _: Any) -> None:
        idle = time.monotonic() - record.info.get(_SINCE, time.monotonic())
        if _has_word(connection) or (idle > ASKED_AFTER and not _answers(engine, connection)):
            raise DisconnectionError("the server has ended the connection")

    event.listen(engine, "checkin", note)
    event.listen(engine, "checkout", look)


def _has_word(connection: Any) -> bool:
    """Whether there is something to read that nobody asked for."""
    if connection.closed:
        return True
    look = select.poll()  # select itself fails in a process with more than a thousand files
    look.register(connection, select.POLLIN)
    return bool(look.poll(0))


def _answers(engine: Engine, connection: Any) -> bool:
    try:
        return engine.dialect.do_ping(connection)
    except engine.dialect.loaded_dbapi.Error:
        return False
