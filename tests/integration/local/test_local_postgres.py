"""What is PostgreSQL's alone: its pid file, its sessions, its settings, its password."""

from __future__ import annotations

import signal
import subprocess

import psycopg2
import pytest

from migrator.errors import LocalServiceFailed
from migrator.local import Postgres
from migrator.local import home as home_room
from migrator.local.account import run_as
from migrator.local.ports import free_port
from tests.integration.local.witness import is_gone, mode, on_linux, query, write
from tests.integration.waiting import eventually


@pytest.fixture
def server(durable):
    """A running server, which a test may leave as it likes."""
    durable.start()
    return durable


@on_linux
def test_a_start_waits_for_the_session_that_outlives_a_killed_server(server, monkeypatch):
    monkeypatch.setattr(home_room, "_LOCK_SECONDS", 0.05)
    connection = psycopg2.connect(server.url(), async_=True)
    eventually(lambda: connection.poll() == psycopg2.extensions.POLL_OK)
    connection.cursor().execute(
        "DO $$ DECLARE till timestamptz := clock_timestamp() + '0.7 s'; "
        "BEGIN WHILE clock_timestamp() < till LOOP END LOOP; END $$"
    )
    backend = connection.info.backend_pid
    server.kill()
    assert (server.home.data / "postmaster.pid").exists(), "a crash leaves its pid file behind"
    assert not is_gone(backend)
    server.start()
    assert is_gone(backend)


@on_linux
@pytest.mark.parametrize("left", ["", "{pid}\n", "-{pid}\n"], ids=["empty", "another process", "single-user"])
def test_a_stale_pid_file_does_not_prevent_a_start(server, left):
    server.stop()
    somebody = subprocess.Popen(["sleep", "600"], cwd="/", **run_as())
    try:
        (server.home.data / "postmaster.pid").write_text(left.format(pid=somebody.pid))
        server.start()
        assert query(server, "SELECT 1") == 1
    finally:
        somebody.kill()
        somebody.wait()


def test_a_server_that_somebody_started_by_hand_is_refused_and_left_alone(server):
    server.stop()
    command = [server.bin / "postgres", "-D", server.home.data, "-p", str(free_port()), "-k", ""]
    by_hand = subprocess.Popen(command, cwd="/", stderr=subprocess.DEVNULL, **run_as())
    pid_file = server.home.data / "postmaster.pid"
    try:
        eventually(lambda: pid_file.exists() and "ready" in pid_file.read_text())
        with pytest.raises(LocalServiceFailed, match=f"PID {by_hand.pid}"):
            server.start()
        assert pid_file.exists()
        assert by_hand.poll() is None
    finally:
        by_hand.send_signal(signal.SIGINT)
        by_hand.wait(20)


def test_a_server_that_dies_says_why(server):
    server.stop()
    settings = server.home.data / "postgresql.auto.conf"
    settings.write_text("nonsense = 1\n")
    with pytest.raises(LocalServiceFailed, match='parameter "nonsense"') as failure:
        server.start()
    assert failure.value.facts["log"] == server.home.log
    assert server.pid is None
    settings.write_text("")


def test_two_servers_have_nothing_in_common(server, services):
    assert services.postgres.port != server.port
    assert services.postgres.password != server.password
    write(server, "here")
    assert query(services.postgres, "SELECT to_regclass('kept')") is None


def test_a_database_is_created_once(server):
    for _ in range(2):
        server.create_database('Ärger "x"/%')
    assert query(server, "SELECT current_database()", 'Ärger "x"/%') == 'Ärger "x"/%'


def test_a_server_is_durable_unless_told_otherwise(server, services):
    durable = ("fsync", "full_page_writes", "synchronous_commit")
    assert [query(server, f"SHOW {name}") for name in durable] == ["on"] * 3
    assert [query(services.postgres, f"SHOW {name}") for name in durable] == ["off"] * 3


def test_the_other_settings_are_ours(services):
    ours = ("max_connections", "max_locks_per_transaction", "unix_socket_directories", "listen_addresses")
    assert [query(services.postgres, f"SHOW {name}") for name in ours] == ["200", "256", "", "127.0.0.1"]
    locale = "SELECT datlocprovider::text || datlocale FROM pg_database LIMIT 1"
    assert query(services.postgres, locale) == "bC.UTF-8"


def test_secrets_are_for_the_owner_alone(services):
    server = services.postgres
    assert mode(server.home.directory / "password") == mode(server.passfile) == mode(server.home.log) == 0o600
    assert mode(server.home.data) == 0o700
    assert server.password not in server.home.log.read_text()
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(server.url().replace(server.password, "guessed"))


def test_a_password_before_the_first_start_is_a_clear_failure(home):
    with pytest.raises(LocalServiceFailed, match="no password before its first start"):
        Postgres(home / "s").url()
