"""What pytest-celery needs of a Docker container, given by a process of this machine."""

from __future__ import annotations

import os
import signal as signals
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
from pytest_celery import CeleryTestWorker, CeleryWorkerContainer, RedisContainer
from pytest_docker_tools.exceptions import TimeoutError as LogTimeout

from config.queues import DOOR, STRICTEST_FIRST

READY_SECONDS = 60.0


def wait_until(condition, message="it did not happen", seconds=30.0):
    """Poll a condition and return what it gave; a test that waits longer than this has failed."""
    deadline = time.monotonic() + seconds
    while True:
        if found := condition():
            return found
        assert time.monotonic() < deadline, message() if callable(message) else message
        time.sleep(0.02)


class ServerNode:
    """What pytest-celery needs of a container, given by a server of ours."""

    status = "running"

    def __init__(self, server) -> None:
        self.server = server

    port = property(lambda self: self.server.port)
    hostname = property(lambda self: f"127.0.0.1:{self.server.port}")
    host_url = property(lambda self: self.server.url())

    def ready(self):
        return True

    def reload(self):
        pass

    def teardown(self):
        pass


class ValkeyNode(ServerNode, RedisContainer):
    """The session's broker and result backend."""

    id = name = "valkey"


class WorkerNode(CeleryWorkerContainer):
    """One Celery worker: a process group of its own, with a log of its own."""

    def __init__(self, name, environment, place: Path, *arguments) -> None:
        self._name, self._place = name, place
        self._environment = {**os.environ, **environment}
        self._log = place / f"{name}.log"
        self._arguments = arguments or ("-Q", ",".join((*STRICTEST_FIRST, DOOR)), "-c", "3")
        self._spawn()

    def _spawn(self):
        self._said = self._log.stat().st_size if self._log.exists() else 0
        command = [sys.executable, "-m", "celery", "-A", "tasks", "worker", "-n", f"{self._name}@%h"]
        command += [*self._arguments, "--without-mingle", "--without-gossip"]
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                command, env=self._environment, cwd=self._place, stdout=log, stderr=log, start_new_session=True
            )

    id = property(lambda self: f"{self.process.pid:012d}")
    name = property(lambda self: self._name)
    pid = property(lambda self: self.process.pid)
    status = property(lambda self: "running" if self.process.poll() is None else "exited")
    attrs = property(lambda self: {"Config": {"Hostname": socket.gethostname()}})

    def reload(self):
        self.process.poll()

    def logs(self, since=0):
        return self._log.read_text(errors="replace")[since:]

    def kill(self, signal="SIGKILL"):
        """SIGKILL ends the whole group at once, as a machine that dies would; other signals reach the main process."""
        number = signals.Signals[signal] if isinstance(signal, str) else signal
        if number == signals.SIGKILL:
            os.killpg(self.pid, number)
            self.process.wait(10)
        else:
            self.process.send_signal(number)

    def restart(self, timeout=10):
        if self.status == "running":
            self.process.terminate()
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()
        self._spawn()
        self.ready()

    def ready(self):
        wait_until(
            lambda: " ready" in self.logs(self._said) or self.status == "exited",
            lambda: f"worker {self._name} is not ready: {self.logs()[-2000:]}",
            READY_SECONDS,
        )
        assert self.status == "running", self.logs()[-2000:]
        return True

    def children(self):
        return psutil.Process(self.pid).children()

    def teardown(self):
        if self.status == "running":
            self.kill()


class Worker(CeleryTestWorker):
    """pytest-celery's worker over a process; asks the log fifty times a second instead of once."""

    def hostname(self):
        return f"{self.container.name}@{socket.gethostname()}"

    def wait_for_log(self, log, message="", timeout=60):
        deadline = time.monotonic() + timeout
        while log not in self.logs():
            if time.monotonic() > deadline:
                raise LogTimeout(message or log)
            time.sleep(0.02)
