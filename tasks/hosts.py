"""What a worker says of its machine when it is asked through the broker, and its own sign of life on the disk."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from celery.signals import worker_ready, worker_shutdown
from celery.worker.control import inspect_command

from migrator import __version__
from migrator.errors import MigratorError
from migrator.watch.health.disk import free_room
from tasks import desk

LIVE_EVERY = 5.0
LIVE_STALE = 30.0
"""Seconds after which a worker that gave no sign is taken for dead."""


@inspect_command()
def migrator_host(state: Any) -> dict[str, Any]:
    """Clock, release and room for snapshots of this worker's machine."""
    said: dict[str, Any] = {"host": desk.host(), "release": __version__, "time": time.time(), "pid": os.getpid()}
    with suppress(OSError, ImportError, ValueError, MigratorError):
        if (found := free_room(desk.settings().snapshots)) is not None:
            said |= {"free": found[0], "size": found[1]}
    return said


def live_folder() -> Path:
    """Where the workers of this machine and user leave their signs of life."""
    return Path(desk.settings().live_folder or Path(tempfile.gettempdir()) / f"migrator-live-{os.getuid()}")


def living(now: float) -> dict[str, float]:
    """Workers of this machine by name, and for how many seconds each has given no sign; ended ones left none."""
    with suppress(FileNotFoundError):
        return {file.stem: now - file.stat().st_mtime for file in sorted(live_folder().glob("*.live"))}
    return {}


class _Sign:
    """A thread of the worker's main process that touches a file while its process runs."""

    def __init__(self, name: str) -> None:
        self._file = live_folder() / f"{name.replace('/', '_')}.live"
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._touch, name="sign of life", daemon=True)

    def start(self) -> None:
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._file.unlink(missing_ok=True)

    def _touch(self) -> None:
        while True:
            with suppress(OSError):
                self._file.touch()
            if self._stopped.wait(LIVE_EVERY):
                return


_signs: list[_Sign] = []


@worker_ready.connect
def _begin(sender: Any = None, **_: Any) -> None:
    """Only a worker that takes tasks gives a sign. One that cannot write it works all the same."""
    with suppress(OSError):
        sign = _Sign(str(getattr(sender, "hostname", "worker")))
        sign.start()
        _signs.append(sign)


@worker_shutdown.connect
def _end(**_: Any) -> None:
    while _signs:
        _signs.pop().stop()
