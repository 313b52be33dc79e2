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

    @staticmethod
    def of(pids: Iterable[int]) -> float:
        """Seconds of some processes and their children."""
        return sum(_with_children(psutil.Process(pid)) for pid in pids)

    def read(self) -> tuple[float, float]:
        """Seconds of the server and of the client side. This process counts with those of its children that ended."""
        own = _and_ended(self._here)
        return _with_children(self._server), own + sum(map(_with_children, self._clients))


def _with_children(process: psutil.Process) -> float:
    """A process, its children that ended, and those that live."""
    return _and_ended(process) + sum(map(_alone, process.children(recursive=True)))


def _and_ended(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system + times.children_user + times.children_system


def _alone(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0  # ended since it was listed, and a moment later among its parent's
    return times.user + times.system
