"""Ctrl-C during a long statement: while the driver waits for the server, Python itself hears no signal."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from migrator.schema.session import Session


@contextmanager
def interruptible(session: Session) -> Iterator[Session]:
    """Has the server cancel what it is doing for the session when a person interrupts, so that the transaction is taken
    back at once. Only in the main thread; anywhere else it does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield session
        return
    hears, told = socket.socketpair()
    told.setblocking(False)
    before = signal.set_wakeup_fd(told.fileno())
    listener = threading.Thread(target=_listen, args=(hears, session), daemon=True)
    listener.start()
    try:
        yield session
    finally:
        signal.set_wakeup_fd(before)
        told.close()
        listener.join()
        hears.close()


def _listen(hears: socket.socket, session: Session) -> None:
    """Until the other end is closed; the driver allows that a statement is cancelled by another thread."""
    while numbers := hears.recv(64):
        if signal.SIGINT in numbers and not session.is_closed:
            session.connection.cancel()
