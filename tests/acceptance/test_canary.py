"""Every secret has the same word in it, everything goes wrong once, and the word is looked for everywhere."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from urllib.parse import quote

import psutil
import pytest
import redis

from migrator.cli.processes import Processes
from migrator.fleet import registry
from migrator.local import Valkey, client_programs, free_port
from tests.acceptance.fleet import FIRST, Fleet
from tests.acceptance.nodes import wait_until
from tests.acceptance.pages import page
from tests.certificates import Certified

CANARY = "c4n4ry"
LOGIN = f"u:{CANARY}"
MOST_LOOKS = 20
PAGES = (
    *("/", "/workers", "/tasks", "/broker", "/workers?refresh=1", "/metrics", "/healthcheck"),
    *("/api/workers?refresh=1", "/api/tasks?limit=10000", "/api/queues/length", "/api/task/types"),
)
COMMANDS = (
    "executions",
    "events --failed",
    "database list",
    "plan",
    "preflight",
    "breaker",
    "alerts",
    "alerts test",
    "timeline",
)
REPRS = """
from config.settings import load
from tasks import app, desk
from tasks.breaker_store import BreakerStore
from migrator.model.breaker import Thresholds
settings, store = load(), desk.store()
print(repr(settings), settings, settings.model_dump(), settings.model_dump_json())
print(repr(store), store._engine, store._engine.url, store._engine.pool, store.address)
print(app.conf.table(with_defaults=True, censored=True), app.conf.humanize(), app.bugreport())
print(repr(app), app.connection_for_write(), app.backend, desk.access())
"""


@pytest.fixture
def tenant_databases():
    return ("env", "file", "command", "wrong")


@pytest.fixture
def broker(services, tmp_path):
    """A Valkey that wants another password from each kind of guest."""
    place = services.valkey.home.directory.parent / f"canary-{os.getpid()}"
    server = Valkey(place)
    server.start()
    with redis.Redis.from_url(server.url()) as client:
        for user in ("broker", "backend", "breaker", "watcher"):
            client.execute_command("ACL", "SETUSER", user, "on", f">{secret(user)}", "~*", "&*", "+@all")
        client.execute_command("ACL", "SETUSER", "default", "off")
    yield server
    server.stop()


def secret(whose: str) -> str:
    return f"{CANARY}/{whose}@%"


def at(server: Valkey, user: str, number: int) -> str:
    return f"redis://{user}:{quote(secret(user), safe='')}@127.0.0.1:{server.port}/{number}"


@pytest.fixture
def environment(fleet: Fleet, broker, tmp_path):
    """A password for every place where one may stand."""
    fleet.rows("control", f"CREATE ROLE control_{fleet.suffix} SUPERUSER LOGIN PASSWORD '{secret('control')}'")
    signer = Certified(tmp_path / "store", "signer", passphrase=secret("signing"))
    key = signer.key.rename(tmp_path / "signer.key")
    control, port = fleet.names["control"], fleet.services.postgres.port
    login = f"control_{fleet.suffix}:{quote(secret('control'), safe='')}"
    return fleet.environment | {
        "MIGRATOR_CONTROL_URL": f"postgresql://{login}@127.0.0.1:{port}/{control}",
        "MIGRATOR_BROKER_URL": at(broker, "broker", 0),
        "MIGRATOR_RESULT_BACKEND": at(broker, "backend", 1),
        "MIGRATOR_BREAKER_URL": at(broker, "breaker", 2),
        "MIGRATOR_SIGNING_KEY": str(key),
        "MIGRATOR_SIGNING_CERTIFICATE": str(signer.certificate),
        "MIGRATOR_SIGNING_STORE": str(tmp_path / "store"),
        "MIGRATOR_SIGNING_PASSPHRASE": secret("signing"),
        "MIGRATOR_SNAPSHOTS": str(tmp_path / "snapshots"),
        "MIGRATOR_LOG_LEVEL": "DEBUG",
        "MIGRATOR_LEASE": "3",
        "MIGRATOR_RETRY_BACKOFF": "0.1",
        "MIGRATOR_BREAKER_FAILURES": "2",
        "MIGRATOR_BREAKER_OPEN_SECONDS": "0.5",
        "MIGRATOR_BREAKER_PATIENCE": "2",
        "MIGRATOR_PG_BIN": str(client_programs()),
        "TARGET_PASSWORD": secret("env"),
        "PGPASSFILE": "/dev/null",
        "FLOWER_BASIC_AUTH": f"u:{CANARY}",
        "MIGRATOR_ALERTS": json.dumps({"channels": channels()}),
    }


def channels() -> dict[str, dict[str, str]]:
    """Nobody listens there, so that errors of delivery have their chance to say too much."""
    return {
        "hook": {"webhook": f"http://127.0.0.1:1/{CANARY}", "secret": secret("webhook")},
        "chat": {"url": f"json://u:{CANARY}@127.0.0.1:1/"},
    }


@pytest.fixture
def targets(fleet: Fleet, tmp_path):
    """Databases whose passwords come from a variable, a file and a command, and one where the file's is wrong."""
    (tmp_path / "file").write_text(secret("file") + "\n")
    (tmp_path / "command").write_text(secret("command") + "\n")
    (tmp_path / "wrong").write_text(secret("wrong") + "\n")
    references = {
        "env": "env:TARGET_PASSWORD",
        "file": f"file:{tmp_path / 'file'}",
        "command": f"command:cat {tmp_path / 'command'}",
        "wrong": f"file:{tmp_path / 'wrong'}",
    }
    fleet.register(tenants=8)
    for name, reference in references.items():
        role = f"{name}_{fleet.suffix}"
        password = secret(name) if name != "wrong" else "another"
        fleet.rows("control", f"CREATE ROLE {role} SUPERUSER LOGIN PASSWORD '{password}'")
        with fleet.store.begin() as connection:
            registry.change_database(connection, name, {"username": role, "credential": reference})


class Ear:
    """Listens where nothing is kept: to what is published in Valkey, and to the command lines of all processes."""

    def __init__(self, url: str) -> None:
        self.heard: list[str] = []
        self._lines: set[str] = set()
        self._client = redis.Redis.from_url(url)
        self._end = threading.Event()
        self._threads = [threading.Thread(target=each, daemon=True) for each in (self._listen, self._look)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        for thread in self._threads:
            thread.join(10)
        self._client.close()
        self.heard += self._lines

    def _listen(self):
        with self._client.pubsub() as channel:
            channel.psubscribe("*")
            while not self._end.is_set():
                if found := channel.get_message(timeout=0.2):
                    self.heard.append(repr(found))

    def _look(self):
        looks: Counter[int] = Counter()  # a few at each: a child shows its parent's line until it has become itself
        while not self._end.is_set():
            for pid in psutil.pids():
                if looks[pid] < MOST_LOOKS:
                    looks[pid] += 1
                    with contextlib.suppress(psutil.Error):
                        self._lines.add(" ".join(psutil.Process(pid).cmdline()))
            time.sleep(0.02)


def stored(url: str) -> str:
    """Everything that Valkey keeps, in all its databases."""
    found = []
    for number in range(3):
        with redis.Redis.from_url(url, db=number) as client:
            for key in client.keys("*"):
                found.append(repr((key, client.dump(key), _value(client, key))))
    return "\n".join(found)


def _value(client, key):
    readers = {b"string": client.get, b"hash": client.hgetall, b"set": client.smembers}
    kind = client.type(key)
    if kind == b"list":
        return client.lrange(key, 0, -1)
    return readers[kind](key) if kind in readers else client.zrange(key, 0, -1)


def dumped(fleet: Fleet, name: str) -> str:
    program = client_programs() / "pg_dump"
    url = fleet.services.postgres.url(fleet.names[name])
    return subprocess.run([program, "--dbname", url], capture_output=True, text=True, check=True).stdout


@pytest.mark.usefixtures("targets")
def test_no_secret_is_in_any_log_message_result_page_table_command_or_process_title(
    fleet: Fleet, broker, environment, tmp_path
):
    said: dict[str, str] = {}

    def command(*words: str, **more: str):
        words = (*words, "--json") if len(said) % 2 else words
        done = fleet.command(*words, **{**environment, **more})
        said[f"{len(said)}: migrator {' '.join(words)}"] = done.stdout + done.stderr

    port, logs = free_port(), tmp_path / "logs"
    worker = "-c 2 --without-gossip --without-mingle -l debug"
    processes = {
        "worker": f"celery -A tasks worker -n worker@%h -Q critical,high,normal,low,celery {worker}",
        "beat": f"celery -A tasks beat -l debug --schedule={tmp_path / 'beat'}",
        "dashboard": f"celery -A tasks dashboard --port={port} --logging=debug",
    }
    watcher = at(broker, "watcher", 0)
    fleet.write("V1__account.sql", FIRST)
    with Ear(watcher) as ear, Processes(processes, environment, logs):
        wait_until(lambda: " ready" in (logs / "worker.log").read_text(), seconds=60)
        wait_until(lambda: page(port, "/", LOGIN))
        first = json.loads(fleet.command("migrate", "--json", "--max-failures", "100%", **environment).stdout)
        assert (first["done"], first["failed"]) == (6, 2), first
        fleet.write("V2__broken.sql", "SELECT no_such_function();")
        command("migrate", "--max-failures", "100%", "--database", "env")
        (fleet.migrations / "tenant" / "V2__broken.sql").unlink()
        fleet.write("V2__more.sql", "ALTER TABLE account ADD COLUMN more text;")
        second = fleet.command(
            "migrate", "--json", "--snapshots", "always", "--database", "file", "--database", "command", **environment
        )
        execution = json.loads(second.stdout)["execution"]
        assert json.loads(second.stdout)["done"] == 4
        command("rollback", execution, "--strategy", "snapshot")
        with fleet.store.begin() as connection:
            registry.change_database(connection, "env", {"port": 1})
        command("migrate", "--database", "env", "--max-failures", "100%")
        for words in COMMANDS:
            command(*words.split())
        command("show", execution)
        command("status", MIGRATOR_CONTROL_URL=environment["MIGRATOR_CONTROL_URL"].replace(CANARY, f"{CANARY}x"))
        command("status", MIGRATOR_CONTROL_URL=f"nonsense://u:{CANARY}@[::/x")
        command("migrate", MIGRATOR_BROKER_URL=f"redis://u:{CANARY}@127.0.0.1:1/0")
        command("migrate", MIGRATOR_BROKER_URL=f"redis://u:{CANARY}x@127.0.0.1:{broker.port}/0")
        command("migrate", MIGRATOR_BROKER_URL=f"nonsense://u:{CANARY}@x")
        command("migrate", MIGRATOR_SIGNING_STORE="", MIGRATOR_LEASE="never")
        for path in (*PAGES, *_worker_pages(port), *_task_pages(port)):
            said[f"page {path}"] = page(port, path, LOGIN)
        for tool in ("report", "inspect conf", "inspect stats"):
            said[f"celery {tool}"] = _run(["-m", "celery", "-A", "tasks", *tool.split()], environment)
        said["reprs"] = _run(["-c", REPRS], environment)
        said["kept in Valkey"] = stored(watcher)
    said |= {f"log of {name}": (logs / f"{name}.log").read_text(errors="replace") for name in processes}
    said |= {f"database {name}": dumped(fleet, name) for name in fleet.names}
    assert len(said["page /api/tasks?limit=10000"]) > 1000
    assert "migrator.migration.requested" in "".join(ear.heard)
    assert any("pg_dump" in line for line in ear.heard)
    said["heard"] = "\n".join(ear.heard)
    told = {where: _around(text) for where, text in said.items() if CANARY in text}
    assert told == {}
    _says_what_it_should(said)


def _says_what_it_should(said: dict[str, str]) -> None:
    """The places were not empty: they had what a person needs, without the secret."""
    everything = "\n".join(said.values())
    assert "password authentication failed" in everything
    assert "cannot be reached" in everything
    assert "no_such_function" in everything
    assert "hook" in everything
    assert "chat" in everything
    assert len(said["log of worker"]) > 10_000


def _worker_pages(port: int) -> list[str]:
    return [f"/worker/{quote(name)}" for name in json.loads(page(port, "/api/workers?refresh=1", LOGIN))]


def _task_pages(port: int) -> list[str]:
    found = list(json.loads(page(port, "/api/tasks?limit=10", LOGIN)))
    return [*(f"/task/{task}" for task in found), *(f"/api/task/info/{task}" for task in found)]


def _run(arguments: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout + done.stderr


def _around(text: str) -> str:
    where = text.index(CANARY)
    return text[max(where - 200, 0) : where + 100]
