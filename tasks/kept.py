"""Sessions kept for a while: a new tenant should not wait for a connection to be made and for a server to warm up.

A child of a worker keeps one for each of the few databases that it last gave a spare of. While it is used, it is one of
the database's slots; while it lies idle, it is on top of them, for half a minute.
"""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from migrator.model.breaker import Permit
from migrator.model.target import Database
from migrator.schema.session import Session
from tasks.breaker import LOST, reach
from tasks.breakers import breakers

IDLE_SECONDS = 30.0
MOST_KEPT = 4

_kept: dict[int, Kept] = {}


def kept() -> Kept:
    """Those of this process only: a forked child must not share its parent's."""
    if os.getpid() not in _kept:
        _kept.clear()
        _kept[os.getpid()] = Kept()
    return _kept[os.getpid()]


class Kept:
    """Idle sessions by database, the one that was used last at the end."""

    def __init__(self, idle_seconds: float = IDLE_SECONDS, most: int = MOST_KEPT) -> None:
        self._idle_seconds, self._most = idle_seconds, most
        self._lock = threading.Lock()
        self._idle: dict[str, tuple[Database, Session, float]] = {}
        self._is_watched = False

    @contextmanager
    def session(self, database: Database, application_name: str) -> Iterator[Session]:
        """A session on a database, kept or new. Raises what ``reach`` raises, BreakerOpen also where one is kept."""
        session = self._taken(database) or reach(database, application_name)
        try:
            yield session
        finally:
            if session.is_closed:
                breakers().failed(database, Permit(), f"{LOST} while we were at work in database {database.id}")
            else:
                self._put(database, session)

    def close_idle(self, seconds: float | None = None) -> None:
        """Close those that lay idle for so long."""
        seconds = self._idle_seconds if seconds is None else seconds
        with self._lock:
            now = time.monotonic()
            old = [key for key, (_, _, since) in self._idle.items() if now - since >= seconds]
            closing = [self._idle.pop(key)[1] for key in old]
            self._is_watched = left = bool(self._idle)
        for session in closing:
            session.close()
        if left:
            self._look_again()

    def _taken(self, database: Database) -> Session | None:
        """One that is still open, leads to the same place, and that the breaker lets us use."""
        with self._lock:
            known, session, _ = self._idle.pop(database.id, (None, None, 0.0))
        if session is None:
            return None
        if known != database or _is_cut(session):
            session.close()
            return None
        if shut := breakers().look(database.id):
            session.close()
            raise shut
        return session

    def _put(self, database: Database, session: Session) -> None:
        with self._lock:
            unwatched, self._is_watched = not self._is_watched, True
            others = [self._idle.pop(database.id, None)]
            self._idle[database.id] = (database, session, time.monotonic())
            while len(self._idle) > self._most:
                others.append(self._idle.pop(next(iter(self._idle))))
        for other in others:
            if other is not None:
                other[1].close()
        if unwatched:
            self._look_again()

    def _look_again(self) -> None:
        timer = threading.Timer(self._idle_seconds, self.close_idle)
        timer.daemon = True
        timer.start()


def _is_cut(session: Session) -> bool:
    """Whether the server has said something while nobody asked: that it ends the connection."""
    return session.is_closed or bool(select.select([session.connection], [], [], 0)[0])
