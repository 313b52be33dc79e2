"""``migrator schema snapshot`` and ``migrator snapshot`` on real schemas, without workers."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from migrator.fleet import registry
from migrator.model.target import Database, DatabaseKind, Tenant
from migrator.schema.engine import Engine
from migrator.schema.session import open_url

FILES = {"V1__item.sql": "CREATE TABLE item (id int); INSERT INTO item VALUES (1), (2)"}


@pytest.fixture
def command(server, control, tmp_path):
    """Runs the ``migrator`` command in an empty directory: exit code, JSON document on stdout or None, stderr."""

    def run(*arguments, answer="", speaks_json=True):
        environment = os.environ | {"MIGRATOR_CONTROL_URL": server.url(control), "PGPASSFILE": str(server.passfile)}
        done = subprocess.run(
            [sys.executable, "-m", "migrator.cli", *arguments, *(["--json"] if speaks_json else [])],
            env=environment,
            cwd=tmp_path,
            input=answer,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert server.password not in done.stdout + done.stderr
        document = json.loads(done.stdout) if speaks_json and done.stdout else done.stdout
        return done.returncode, document, done.stderr

    return run


@pytest.fixture
def one(server, new_database, folder, schema, command):
    """A migrated schema and a way to run ``migrator schema snapshot`` on it."""
    url = server.url(new_database())
    session = open_url(url)
    Engine(folder(FILES)).migrate(session, schema)
    yield (
        session,
        schema,
        lambda *words, **more: command("schema", "snapshot", *words, "--url", url, "--schema", schema, **more),
    )
    session.close()


def test_one_schema_there_and_back(one, tmp_path):
    session, schema, run = one
    code, taken, _ = run("take")
    assert (code, taken["schema"], taken["version"]) == (0, schema, "1")
    assert (tmp_path / "snapshots").is_dir()
    session.run(f"INSERT INTO {schema}.item VALUES (3); DROP TABLE IF EXISTS {schema}.none")
    assert [each["id"] for each in run("list")[1]] == [taken["id"]]
    assert run("show")[1]["restore"]["left_behind"][0] | {"written": 1} == {
        "table": "item",
        "then": 2,
        "now": 3,
        "written": 1,
    }
    code, verified, _ = run("verify")
    assert (code, verified[0]["damage"]) == (0, None)
    code, done, said = run("restore", taken["id"], "--yes")
    assert (code, done["fingerprint_is_equal"], done["written_since"] >= 1) == (0, True, True)
    assert "item: 2 rows then, 3 rows now" in said
    assert session.ask(f"SELECT count(*) FROM {schema}.item") == [(2,)]
    assert session.ask(f"SELECT count(*) FROM {done['aside']}.item") == [(3,)]
    assert run("drop-aside", done["aside"], "--yes")[0] == 0
    assert session.ask(f"SELECT to_regnamespace('{done['aside']}') IS NULL") == [(True,)]


def test_a_restore_that_is_not_wanted_after_all_changes_nothing(one):
    session, schema, run = one
    run("take")
    session.run(f"INSERT INTO {schema}.item VALUES (3)")
    code, printed, said = run("restore", answer="n\n", speaks_json=False)
    assert (code, printed) == (130, "")
    assert "rows were written since" in said
    assert "item: 2 rows then, 3 rows now" in said
    assert session.ask(f"SELECT count(*) FROM {schema}.item") == [(3,)]


def test_a_damaged_snapshot_ends_with_1_and_a_guard_with_3(one, tmp_path):
    session, schema, run = one
    run("take")
    session.run(f"CREATE VIEW public.outside AS SELECT * FROM {schema}.item")
    code, _, said = run("restore", "--yes")
    assert (code, "rule _RETURN on view public.outside" in said or "outside" in said) == (3, True)
    [path] = (tmp_path / "snapshots").rglob("*.dump")
    path.write_bytes(path.read_bytes()[:-1])
    code, [row], _ = run("verify")
    assert (code, "bytes instead of" in row["damage"]) == (1, True)


def test_old_snapshots_expire_but_the_last_ones_stay(one):
    _, _, run = one
    ids = [run("take")[1]["id"] for _ in range(3)]
    would = run("expire", "--keep-days", "0", "--keep-last", "2", "--dry-run")[1]
    assert ([each["id"] for each in would], len(run("list")[1])) == (ids[:1], 3)
    assert run("expire", "--keep-days", "0", "--keep-last", "2", answer="n\n")[0] == 130
    assert len(run("list")[1]) == 3
    run("expire", "--keep-days", "0", "--keep-last", "2", "--yes")
    assert [each["id"] for each in run("list")[1]] == [ids[2], ids[1]]


@pytest.fixture
def fleet(server, store, new_database, folder):
    """Three migrated tenants in two databases, registered, and one session per database."""
    engine = Engine(folder(FILES))
    sessions = {}
    with store.begin() as connection:
        for id_, tenants in {"eu-1": ("acme", "bolt"), "us-1": ("coil",)}.items():
            name = new_database()
            registry.add_database(
                connection, Database(id_, name, DatabaseKind.TENANT, "127.0.0.1", server.port, "postgres")
            )
            sessions[id_] = open_url(server.url(name))
            for tenant in tenants:
                registry.add_tenant(connection, Tenant(tenant, tenant, id_, tenant))
                engine.migrate(sessions[id_], tenant)
    yield sessions
    for session in sessions.values():
        session.close()


def test_the_fleet_there_and_back(fleet, command):
    code, taken, _ = command("snapshot", "take")
    assert (code, [row["schema"] for row in taken]) == (0, ["acme", "bolt", "coil"])
    fleet["eu-1"].run("DELETE FROM acme.item; DELETE FROM bolt.item")
    assert command("snapshot", "restore", "--yes")[0] == 2, "nothing was named"
    code, [row], said = command("snapshot", "restore", "--tenant", "acme", "--yes")
    assert (code, row["equal"], row["written_since"] >= 2) == (0, True, True)
    assert "item: 2 rows then, 0 rows now" in said
    assert fleet["eu-1"].ask("SELECT (SELECT count(*) FROM acme.item), (SELECT count(*) FROM bolt.item)") == [(2, 0)]
    assert len(command("snapshot", "list", "--database", "eu-1")[1]) == 2
    assert [row["schema"] for row in command("snapshot", "list", "--tenant", "bolt")[1]] == ["bolt"]
    assert command("snapshot", "list", "--tenant", "bolt", "--schema", "acme")[0] == 2
    assert command("snapshot", "list", "--tenant", "nobody")[0] == 2
    assert [row["damage"] for row in command("snapshot", "verify")[1]] == [None] * 3
    assert len(command("snapshot", "expire", "--keep-days", "0", "--keep-last", "0", "--yes")[1]) == 3
    assert command("snapshot", "list")[1] == []


def test_a_target_without_a_snapshot_does_not_stop_the_others(fleet, command):
    command("snapshot", "take", "--tenant", "bolt")
    code, rows, _ = command("snapshot", "restore", "--database", "eu-1", "--yes")
    assert (code, [row["schema"] for row in rows if row["error"]]) == (1, ["acme"])
    assert [row["equal"] for row in rows if row["schema"] == "bolt"] == [True]
