"""Two real processes: on one schema each migration happens once, on two schemas neither waits for the other."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.integration.waiting import eventually

DRIVER = """
import sys
from pathlib import Path
from migrator.folder import read_folder
from migrator.schema.engine import Engine
from migrator.schema.session import open_url
url, folder, name = sys.argv[1:]
session, engine = open_url(url, name), Engine(read_folder(Path(folder)))
print("ready", flush=True)
for line in sys.stdin:
    print(engine.migrate(session, line.strip()).to_version, flush=True)
"""
"""Migrates the schemas that it is told, one a line, and answers with the version that each has then."""

FILES = {
    "V1__item.sql": "CREATE TABLE item (id int);\nINSERT INTO item VALUES (1);\n",
    "V2__index.sql": "CREATE INDEX CONCURRENTLY item_id ON item (id);\n",
    "V3__more.sql": "INSERT INTO item VALUES (2);\n",
    "R__view.sql": "CREATE OR REPLACE VIEW v AS SELECT * FROM item;\n",
}
HELD = """SELECT count(*) FROM pg_locks
    WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
ROUNDS = 50
GATE = 4712


@pytest.fixture
def write(tmp_path):
    def files(found):
        for name, text in found.items():
            (tmp_path / name).write_text(text)
        return tmp_path

    return files


@pytest.fixture
def process(server, database, monkeypatch):
    """Starts the driver on a folder; it ends with the test."""
    monkeypatch.setenv("PGPASSFILE", str(server.passfile))
    with ExitStack() as running:

        def start(folder: Path, name: str):
            command = [sys.executable, "-c", DRIVER, server.url(database.name), str(folder), name]
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "bufsize": 1}
            started = running.enter_context(subprocess.Popen(command, **pipes))
            running.callback(started.kill)
            assert started.stdout.readline() == "ready\n"
            return started

        yield start


def told(process, schema):
    """Tell a process a schema; what it answers is read later."""
    process.stdin.write(f"{schema}\n")


def answer(process) -> str:
    return process.stdout.readline().strip()


def test_two_processes_on_one_schema_apply_each_migration_once(process, write, schema, ask):
    folder = write(FILES)
    both = [process(folder, name) for name in ("one", "other")]
    for number in range(ROUNDS):
        name = f"{schema}_{number}"
        for each in both if number % 2 else reversed(both):
            told(each, name)
        assert [answer(each) for each in both] == ["3", "3"]
        scripts = ask(f"SELECT script FROM {name}.flyway_schema_history ORDER BY installed_rank")
        assert [script for (script,) in scripts] == list(FILES)
        assert ask(f"SELECT array_agg(id ORDER BY id) FROM {name}.item") == [([1, 2],)]
        assert ask("SELECT indisvalid FROM pg_index WHERE indexrelid = %s::regclass", f"{name}.item_id") == [(True,)]
    assert ask(HELD) == [(0,)]


def test_two_processes_on_two_schemas_do_not_wait_for_each_other(process, write, schema, ask, open_):
    slow = f"SELECT pg_advisory_xact_lock({GATE}) WHERE current_schema() = '{schema}_slow';\n"
    folder = write({"V1__item.sql": f"CREATE TABLE item (id int);\n{slow}"})
    gate = open_("gate")
    gate.run(f"SELECT pg_advisory_lock({GATE})")
    one, other = process(folder, "one"), process(folder, "other")
    told(one, f"{schema}_slow")
    waits = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'one' AND wait_event_type = 'Lock'"
    eventually(lambda: ask(waits) == [(1,)])
    told(other, f"{schema}_quick")
    assert answer(other) == "1"
    assert ask(waits) == [(1,)]
    assert ask("SELECT to_regclass(%s)", f"{schema}_slow.item") == [(None,)]
    gate.close()
    assert answer(one) == "1"
