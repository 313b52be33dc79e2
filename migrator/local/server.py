"""The life of a server: one directory, one child of ours, one port."""

from __future__ import annotations

import signal
import subprocess
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import IO, ClassVar

from migrator.errors import LocalServiceFailed
from migrator.local.account import run_as
from migrator.local.home import Home
from migrator.local.lineage import Command, Parent
from migrator.local.ports import free_port, is_free

_START_SECONDS = 60.0
_STOP_SECONDS = 30.0


class Server(ABC):
    """One server: its files in one directory, its child in our hands.

    On Linux it ends with this object and with our program, however that dies; elsewhere only by ``stop``.
    The child holds the lock of its directory, which so has one server at most, whoever started it.
    """

    name: ClassVar[str]
    farewell: ClassVar[signal.Signals]

    def __init__(self, directory: Path) -> None:
        self.home = Home(directory, self.name)
        self.port = int(self.home.noted("port") or free_port())
        self._child: subprocess.Popen[bytes] | None = None
        self._parent = Parent()

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs as our child."""
        return self._child.pid if self._child and self._child.poll() is None else None

    def start(self) -> None:
        """Start the server unless it runs, and wait until it accepts.

        It takes the port of last time, or another one when somebody else has that now.
        """
        if self.pid is not None:
            return
        try:
            self._start()
        except OSError as error:
            self.stop()
            raise self.home.failure(f"could not be started: {error}") from error
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the server in good order, by force after half a minute; without effect when it does not run."""
        if self._child:
            self._child.send_signal(self.farewell)
            try:
                self._child.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """SIGKILL the server and wait for it; a session in a long statement lives on, and ``start`` waits."""
        if self._child:
            self._child.kill()
            self._child.wait()

    def _start(self) -> None:
        with self.home.locked() as lock:
            self.home.make_data(lambda draft: self._fill(draft, lock))
            self._launch_on_a_free_port(lock)
        self._remember()

    def _launch_on_a_free_port(self, lock: int) -> None:
        if not is_free(self.port):
            self.port = free_port()
        try:
            self._launch(lock)
        except LocalServiceFailed:
            if self.pid is not None or is_free(self.port):
                raise
            self._launch_on_a_free_port(lock)  # somebody took the port between the look and the launch

    def _launch(self, lock: int) -> None:
        self.home.note("pid", str(self._fork(self._command(), lock).pid))
        deadline = time.monotonic() + _START_SECONDS
        while not self._accepts():
            if self.pid is None or time.monotonic() > deadline:
                raise self.home.failure(f"did not start: {self.home.last_words()}")
            time.sleep(0.02)

    def _fork(self, command: Command, lock: int, stdin: IO[bytes] | None = None) -> subprocess.Popen[bytes]:
        with self.home.open_log() as log:
            self._child = self._parent.fork(
                command,
                self.farewell,
                stdin=stdin or subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[lock],
                **run_as(),
            )
        return self._child

    def _remember(self) -> None:
        """Note for the next object, and for other programs, where the server is."""
        self.home.note("port", str(self.port))

    @abstractmethod
    def _fill(self, draft: Path, lock: int) -> None:
        """Put into a new data directory what the server must find there."""

    @abstractmethod
    def _command(self) -> Command:
        """What to execute."""

    @abstractmethod
    def _accepts(self) -> bool:
        """Whether our child, and not somebody else on its port, takes connections."""
