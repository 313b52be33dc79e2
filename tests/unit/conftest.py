"""Nothing of the machine reaches a unit test: no settings of its user, no sockets."""

from __future__ import annotations

import os
import socket

import pytest
from hypothesis import settings

settings.register_profile("unit", deadline=None, max_examples=30, database=None)
settings.load_profile("unit")


@pytest.fixture(autouse=True)
def no_sockets(monkeypatch):
    def refuse(*_):
        raise AssertionError("a unit test opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    for name in list(os.environ):
        if name.startswith(("MIGRATOR_", "CELERY_", "FLOWER_", "PG")):
            monkeypatch.delenv(name)
