"""A real browser on a real dashboard, in front of the servers, the fleet and the workers of the acceptance tests."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import pytest

from tests.acceptance.conftest import *  # noqa: F403 - the fixtures of the servers, the fleet and the workers
from tests.acceptance.nodes import wait_until

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


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


@pytest.fixture
def dashboard_options():
    """Flower's options; a module or test overrides it."""
    return ()


@pytest.fixture
def dashboard(fleet, celery_setup_app, celery_broker_cluster, dashboard_options, tmp_path):
    """The dashboard of the test's fleet."""
    running = Dashboard(fleet.environment, tmp_path, *dashboard_options)
    try:
        yield running.start()
    finally:
        running.stop()


@pytest.fixture(scope="session")
def browser():
    """Debian's chromium, driven by playwright."""
    if CHROMIUM is None:
        pytest.skip("there is no chromium; 'apt-get install chromium' brings one")
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def open_page(browser, request):
    """Opens pages, and fails the test when one of them had an error in its scripts or broke its own rules."""
    contexts, said = [], []

    def open_(url: str, size=DESK, scheme: str = "light", **more):
        context = browser.new_context(viewport=size, color_scheme=scheme, **more)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = context.new_page()
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("console", lambda line: said.append(line.text) if _is_bad(line) else None)
        page.set_default_timeout(20_000)
        page.goto(url)
        contexts.append(context)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert said == []


def _is_bad(line) -> bool:
    """Errors of scripts and broken policies; a server that was stopped by the test is none."""
    return line.type == "error" and not re.search(r"ERR_|Failed to load resource", line.text)


@pytest.fixture
def keep(request):
    """Keeps a screenshot as an artefact of the test run."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    return lambda page, name: page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True, animations="disabled")
