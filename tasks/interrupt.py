"""A process that is told to end while its statement runs in the server: the statement is cancelled, and it can end."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg2
from billiard.common import terminate_handler_fired

from migrator.schema.session import Session

AGAIN_SECONDS = 0.2
"""The signal may come just before the statement is sent; then it is cancelled once more."""


@contextmanager
def interruptible(session: Session) -> Iterator[None]:
    """While inside, SIGTERM reaches this process also when it waits for the server.

    Python runs its handler between two of its own instructions alone, and libpq waits for as long as the statement
    takes. A thread that is woken by the signal cancels the statement; then the handler runs, and what is in hand is
    taken back and given back on the way out.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ours, woken = socket.socketpair()
    woken.setblocking(False)
    before = signal.set_wakeup_fd(woken.fileno(), warn_on_full_buffer=False)
    listener = threading.Thread(target=_listen, args=(ours, session), daemon=True)
    listener.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        woken.close()
        listener.join()
        ours.close()


def _listen(ours: socket.socket, session: Session) -> None:
    while said := ours.recv(1):
        if said[0] == signal.SIGTERM:
            _cancel(ours, session)


def _cancel(ours: socket.socket, session: Session) -> None:
    """Until the handler has run, or the session is left."""
    ours.settimeout(AGAIN_SECONDS)
    while not terminate_handler_fired() and not session.is_closed:
        with suppress(psycopg2.Error):
            session.connection.cancel()
        with suppress(TimeoutError):
            if not ours.recv(1):
                return
    ours.settimeout(None)
