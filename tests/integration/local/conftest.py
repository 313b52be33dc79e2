"""Places for embedded servers, and a running installation for those tests that only look."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from migrator.local import LocalServices, Postgres, shelter


@contextmanager
def open_place():
    """A new directory that ``nobody`` can enter, which pytest's own is not."""
    path = Path(tempfile.mkdtemp(prefix="migrator-test-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def home():
    with open_place() as path:
        yield path


@pytest.fixture(scope="module")
def module_home():
    with open_place() as path:
        yield path


@pytest.fixture
def private(home):
    """A directory where only its owner can go."""
    (home / "private").mkdir(mode=0o700)
    return home / "private"


@pytest.fixture
def shelter_here(home, monkeypatch):
    monkeypatch.setattr(shelter, "SHELTER", home / "shelter")
    return home / "shelter"


@pytest.fixture
def started():
    """Starts what it is given, and stops it in the end, whatever the test did with it."""
    servers = []

    def start(server):
        servers.append(server)
        server.start()
        return server

    yield start
    for server in servers:
        server.stop()


@pytest.fixture(scope="session")
def services():
    """A running installation, not durable, to be looked at and left as it is."""
    with open_place() as path, LocalServices(path / "s", durable=False) as running:
        yield running


@pytest.fixture(scope="session")
def durable():
    """A durable PostgreSQL server to be stopped, killed and written to; who takes it starts it first."""
    with open_place() as path:
        server = Postgres(path / "s")
        yield server
        server.stop()
