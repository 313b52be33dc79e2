"""Processor seconds, of the server and of whoever speaks to it."""

from __future__ import annotations

from collections.abc import Iterable

import psutil


class Meter:
    """Reads how long a server's processes and a client's have been computing so far."""

    def __init__(self, server: int, clients: Iterable[int]) -> None:
        self._server = psutil.Process(server)
        self._clients = [psutil.Process(pid) for pid in clients]
        self._here = psutil.Process()

    def read(self) -> tuple[float, float]:
        """Seconds of the server and of the client side. This process counts without its children."""
        own = self._here.cpu_times()
        return _with_children(self._server), own.user + own.system + sum(map(_with_children, self._clients))


def _with_children(process: psutil.Process) -> float:
    """A process, its children that ended, and those that live."""
    times = process.cpu_times()
    ended = times.children_user + times.children_system
    return times.user + times.system + ended + sum(map(_alone, process.children(recursive=True)))


def _alone(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0  # ended since it was listed, and a moment later among its parent's
    return times.user + times.system
