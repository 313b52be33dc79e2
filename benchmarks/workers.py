"""Real Celery workers, with the command lines of ``config.processes``."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from config.processes import PROCESSES
from migrator import client

NAMES = ("urgent", "worker")
_START_SECONDS = 60.0
_STOP_SECONDS = 20.0


class WorkersFailed(Exception):
    """A worker ended, or did not start; the message has the end of its log."""


class Workers:
    """Both processes while the context lasts; each has a process group of its own, which is killed in the end."""

    def __init__(self, home: Path, environment: Mapping[str, str]) -> None:
        self._home, self._environment = home, {**os.environ, **environment}
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def pids(self) -> list[int]:
        """The main processes, whose children do the work."""
        return [process.pid for process in self._running.values()]

    def __enter__(self) -> Self:
        try:
            for name in NAMES:
                self._start(name)
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Ask them to end, then kill what is left of their groups; a second Ctrl-C does not cut this short."""
        patient = signal.signal(signal.SIGINT, signal.SIG_IGN)
        for process in self._running.values():
            process.terminate()
        deadline = time.monotonic() + _STOP_SECONDS
        for process in self._running.values():
            _end(process, deadline - time.monotonic())
        signal.signal(signal.SIGINT, patient)

    def check(self) -> None:
        """Raise WorkersFailed when one has ended."""
        for name, process in self._running.items():
            if process.poll() is not None:
                raise WorkersFailed(f"{name} ended with {process.returncode}:\n{self._last_words(name)}")

    def _start(self, name: str) -> None:
        program, *arguments = shlex.split(PROCESSES[name])
        with (self._home / f"{name}.log").open("wb") as log:
            self._running[name] = subprocess.Popen(
                [sys.executable, "-m", program, *arguments],
                cwd=self._home,  # where no migrator.toml of the user's is found
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a Ctrl-C is ours alone
            )

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while len(client.app().control.ping(timeout=0.5)) < len(NAMES):
            self.check()
            if time.monotonic() > deadline:
                raise WorkersFailed("not ready after a minute:\n" + "\n".join(map(self._last_words, NAMES)))

    def _last_words(self, name: str) -> str:
        lines = (self._home / f"{name}.log").read_text(errors="replace").splitlines()
        return "\n".join(lines[-20:])


def _end(process: subprocess.Popen[bytes], seconds: float) -> None:
    with suppress(subprocess.TimeoutExpired):
        process.wait(max(seconds, 0.1))
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
