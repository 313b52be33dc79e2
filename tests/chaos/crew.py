"""Workers, beat and relay as an installation starts them, and started again as systemd would when they end."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import psutil

from config.processes import PROCESSES
from migrator.cli.processes import kill_group
from migrator.local.lineage import Parent
from tests.chaos.kept import Kept

RESTART_SECONDS = 0.5
READY_SECONDS = 120.0
STOP_SECONDS = 20.0


class Crew(Kept):
    """The processes of config.processes, all but the dashboard; each in a group of its own, with a log of its own."""

    def __init__(self, environment: Mapping[str, str], logs: Path) -> None:
        super().__init__("crew")
        self._environment, self.logs = {**os.environ, **environment}, logs
        self._commands = {name: command for name, command in PROCESSES.items() if name != "dashboard"}
        self._commands["beat"] += f" --schedule={logs / 'beat'}"
        if find_spec("migrator.cli.relay"):  # beside those in the workers
            self._commands["relay"] = "migrator.cli relay"
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._parents = {name: Parent() for name in self._commands}
        self._lock = threading.Lock()
        self._ended: dict[str, float] = {}
        self.revived = 0

    def _start_all(self) -> None:
        for name in self._commands:
            self._start(name)

    def _stop_all(self) -> None:
        for process in self._running.values():
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in self._running.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(deadline - time.monotonic(), 0.1))
            kill_group(process)

    def has(self, name: str) -> bool:
        """Whether an installation has such a process."""
        return name in self._commands

    def workers(self) -> list[str]:
        """The names of those that carry out tasks."""
        return [name for name, command in self._commands.items() if " worker " in command]

    def children(self) -> list[int]:
        """The process ids of all workers' children."""
        return [pid for name in self.workers() for pid in self.tree(name)[1:]]

    def tree(self, name: str) -> list[int]:
        """The process ids of a process and its children, none when it is being started again."""
        try:
            main = psutil.Process(self._running[name].pid)
            return [main.pid, *sorted(child.pid for child in main.children(recursive=True))]
        except psutil.NoSuchProcess:
            return []

    def kill_tree(self, name: str) -> None:
        """SIGKILL a process with all its children at once, as a machine that dies would."""
        with self._lock:
            kill_group(self._running[name])

    def memory(self) -> dict[str, int]:
        """Resident bytes of each process with its children."""
        return {name: sum(map(_resident, self.tree(name))) for name in self._commands}

    def _look_after(self) -> None:
        now = time.monotonic()
        for name, process in self._running.items():
            if process.poll() is not None and now - self._ended.setdefault(name, now) >= RESTART_SECONDS:
                with self._lock:
                    kill_group(process)  # systemd ends what is left of a unit, too
                    self._start(name)
                del self._ended[name]
                self.revived += 1

    def _start(self, name: str) -> None:
        program, *arguments = shlex.split(self._commands[name])
        with self.log(name).open("ab") as log:
            self._running[name] = self._parents[name].fork(
                [sys.executable, "-m", program, *arguments],
                signal.SIGTERM,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def log(self, name: str) -> Path:
        """Where a process writes."""
        return self.logs / f"{name}.log"

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        for name in self.workers():
            while " ready" not in self.log(name).read_text(errors="replace"):
                assert time.monotonic() < deadline, f"{name} is not ready: {self.log(name).read_text()[-2000:]}"
                time.sleep(0.1)


def _resident(pid: int) -> int:
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.NoSuchProcess:
        return 0
