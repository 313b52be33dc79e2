"""``migrator lint --against-fleet``: files that were edited after targets somewhere had applied them."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from migrator.fleet import registry
from migrator.model.target import Database, DatabaseKind, Tenant
from migrator.schema.engine import Engine


@pytest.fixture
def lint(server, control, tmp_path):
    """Runs the command on the folder of the tests; its exit code and its document."""

    def run():
        done = subprocess.run(
            [sys.executable, "-m", "migrator.cli", "lint", tmp_path / "migrations", "--against-fleet", "--json"],
            env=os.environ | {"MIGRATOR_CONTROL_URL": server.url(control), "PGPASSFILE": str(server.passfile)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.returncode, json.loads(done.stdout)

    return run


def register(store, database, *schemas):
    with store.begin() as connection:
        registry.add_database(connection, database)
        for schema in schemas:
            registry.add_tenant(connection, Tenant(schema, schema, database.id, schema))


def test_a_file_that_some_targets_have_with_another_text_is_one_error_that_names_them(
    lint, store, database, folder, session, schema
):
    names = [f"{schema}_{number}" for number in range(5)]
    register(store, database, *names)
    engine = Engine(folder({"V1__a.sql": "CREATE TABLE a (id int)"}))
    for name in names:
        engine.migrate(session, name)
    assert lint()[1]["findings"] == []
    folder({"V1__a.sql": "CREATE TABLE a (id bigint)"})
    code, document = lint()
    (finding,) = document["findings"]
    assert (code, document["compared"], finding["rule"]) == (1, 5, "changed-after-applied")
    assert finding["path"].endswith("/V1__a.sql")
    assert f"eu-1/{schema}_0, eu-1/{schema}_1, eu-1/{schema}_2 and 2 more" in finding["sentence"]


def test_a_target_that_cannot_be_reached_is_told_and_is_no_success(lint, store, server, folder):
    register(
        store, Database("gone", "no_such_database", DatabaseKind.TENANT, "127.0.0.1", server.port, "postgres"), "x"
    )
    folder({"V1__a.sql": "CREATE TABLE a (id int)"})
    code, document = lint()
    assert (code, document["errors"], document["compared"]) == (1, 0, 0)
    assert [each["target"] for each in document["unreached"]] == ["gone/x"]
    assert "no_such_database" in document["unreached"][0]["error"]
