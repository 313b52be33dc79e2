"""What we start listens on loopback alone, unless somebody says otherwise."""

from __future__ import annotations

import pytest

from config.flower import DEFAULTS, is_loopback
from migrator.local import LocalServices


@pytest.fixture
def services(tmp_path):
    return LocalServices(tmp_path)


def test_the_embedded_postgresql_listens_on_loopback_and_on_no_socket(services, monkeypatch):
    monkeypatch.setattr(type(services.postgres), "_drop_stale_pid_file", lambda self: None)
    words = list(map(str, services.postgres._command()))
    assert "--listen_addresses=127.0.0.1" in words
    assert "--unix_socket_directories=" in words


def test_the_embedded_valkey_listens_on_loopback(services):
    words = list(map(str, services.valkey._command()))
    assert words[words.index("--bind") + 1] == "127.0.0.1"
    assert words.count("--bind") == 1


def test_the_dashboard_listens_on_loopback():
    assert is_loopback(DEFAULTS["address"])


def test_the_addresses_that_are_handed_out_are_on_loopback(services, monkeypatch):
    monkeypatch.setattr(type(services.postgres), "password", "x")
    assert "@127.0.0.1:" in services.postgres.url()
    assert services.valkey.url().startswith("redis://127.0.0.1:")
