"""A real browser on a real dashboard, in front of the servers, the fleet and the workers of the acceptance tests.

Run apart from those: this folder starts servers of its own, and Celery's application keeps to the first ones it met.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.acceptance.conftest import *  # noqa: F403 - the fixtures of the servers, the fleet and the workers

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


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

    def take(page, name):
        page.mouse.move(0, 0)
        page.evaluate(
            "window.scrollTo({ top: 0, behavior: 'instant' }); document.getElementById('toasts').replaceChildren()"
        )
        page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True, animations="disabled")

    return take
