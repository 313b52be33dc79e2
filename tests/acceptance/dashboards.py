"""The dashboard as a process of its own, asked by a plain HTTP client."""

from __future__ import annotations

import base64
import json
import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from tests.acceptance.nodes import wait_until


class Dashboard:
    """``celery -A tasks dashboard`` as a process of its own; it can be stopped and started again at the same port."""

    def __init__(self, environment, place: Path, *options: str) -> None:
        self._environment, self._place, self._options = {**os.environ, **environment}, place, options
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.log = place / f"dashboard{self.port}.log"
        self.process: subprocess.Popen | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Dashboard:
        command = [sys.executable, "-m", "celery", "-A", "tasks", "dashboard", f"--port={self.port}", *self._options]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, env=self._environment, cwd=self._place, stdout=log, stderr=log)
        wait_until(self._answers, lambda: f"the dashboard did not start: {self.log.read_text()[-3000:]}", 60)
        return self

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()[-3000:]
        try:
            self.get("/migrator/executions")
        except HTTPError:
            return True
        except (URLError, OSError):
            return False
        return True

    def get(self, path: str, **headers: str):
        """The answer to a request; raises HTTPError with its status."""
        return urlopen(Request(self.url + path, headers=headers), timeout=20)

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def status(self, path: str, body: bytes | None = None, **headers: str) -> int:
        """The status of an answer, whatever it is."""
        try:
            return self.ask(path, body, **headers).status
        except HTTPError as error:
            return error.code

    def ask(self, path: str, body: bytes | None = None, **headers: str):
        """Post a body, or get; header names with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return urlopen(Request(self.url + path, data=body, headers=named), timeout=20)

    def json(self, path: str, **headers: str):
        return json.load(self.ask(path, **headers))

    @contextmanager
    def stream(self, path: str, **headers: str):
        """The frames of a stream as they come: (event, document, moment); a comment is an event of its own."""
        with self.ask(path, Accept="text/event-stream", **headers) as answer:
            yield frames(answer)


def frames(answer, seconds=60.0):
    """Reads server-sent events from a response, line by line; a test that reads longer than this has failed."""
    event, data, deadline = None, [], time.monotonic() + seconds
    for raw in answer:
        assert time.monotonic() < deadline, "the stream does not come to what is waited for"
        line = raw.decode().rstrip("\n")
        if line.startswith(":"):
            yield line[1:].strip(), None, time.monotonic()
        elif line.startswith("event: "):
            event = line.removeprefix("event: ")
        elif line.startswith("data: "):
            data.append(line.removeprefix("data: "))
        elif not line and event:
            yield event, json.loads("\n".join(data)), time.monotonic()
            event, data = None, []


def basic(user: str, password: str) -> str:
    """The header of basic authentication."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
