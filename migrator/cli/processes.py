"""Starts the processes of an installation, keeps them running, and stops exactly those it started."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from migrator.local.lineage import die_with_parent

STOP_SECONDS = 15.0
"""How long a process may take to end what it is doing before it is killed with all its children."""
RESTART_PAUSE = 1.0


class Processes:
    """Commands by name, each in a process group of its own, with a log file of its own.

    On Linux they are asked to end when the thread that started them ends: start and revive in the main one.
    """

    def __init__(self, commands: Mapping[str, str], environment: Mapping[str, str], logs: Path) -> None:
        self._commands, self._environment, self._logs = commands, {**os.environ, **environment}, logs
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Start them all."""
        self._logs.mkdir(parents=True, exist_ok=True)
        for name in self._commands:
            self._start(name)

    def log(self, name: str) -> Path:
        """Where a process writes."""
        return self._logs / f"{name}.log"

    def pids(self) -> dict[str, int]:
        """The process ids of those that are running."""
        return {name: process.pid for name, process in self._running.items() if process.poll() is None}

    def revive(self) -> list[str]:
        """Start those again that ended by themselves; their names. Not more than one try a second each."""
        ended = [name for name, process in self._running.items() if process.poll() is not None]
        if ended:
            time.sleep(RESTART_PAUSE)
        for name in ended:
            self._start(name)
        return ended

    def stop(self) -> None:
        """Ask all to end, then kill what has not; nothing that was started is left, whatever state it was in."""
        for process in self._running.values():
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in self._running.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(deadline - time.monotonic(), 0.1))
            kill_group(process)
        self._running = {}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _start(self, name: str) -> None:
        program, *arguments = shlex.split(self._commands[name])
        with self.log(name).open("ab") as log:
            self._running[name] = subprocess.Popen(
                [sys.executable, "-m", program, *arguments],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - system calls only, no locks
            )


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Children of a worker that was killed would live on; its group has its pid."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()
