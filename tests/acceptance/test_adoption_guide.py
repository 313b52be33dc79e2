"""docs/adoption.md is true: every command of it is run, in its order, on schemas that golang-migrate manages."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from os import environ
from pathlib import Path

import pytest

from tests.acceptance.fleet import FIRST, SECOND

GUIDE = Path(__file__).parents[2] / "docs" / "adoption.md"
COMMANDS = [
    line
    for block in re.findall(r"^```\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]
THIRD = "CREATE TABLE note (id int);"
HISTORY = ["0001_account.up.sql", "0002_name.up.sql", "0003_note.up.sql"]


@pytest.fixture
def shop(fleet):
    """Three schemas at version 2, of which golang-migrate has left its table in two, and a folder with version 3."""
    for name, sql in zip(HISTORY, (FIRST, SECOND, THIRD), strict=True):
        fleet.write(name, sql)
    for schema in ("tenant_acme", "tenant_bravo", "tenant_charlie"):
        fleet.rows("one", f"CREATE SCHEMA {schema}; SET search_path TO {schema}; {FIRST} {SECOND}")
    for schema in ("tenant_acme", "tenant_bravo"):
        table = f"{schema}.schema_migrations"
        fleet.rows("one", f"CREATE TABLE {table} (version bigint PRIMARY KEY, dirty boolean NOT NULL)")
        fleet.rows("one", f"INSERT INTO {table} VALUES (2, false)")


def here(fleet, command: str) -> list[str]:
    """A command of the guide with this test's server in the place of the guide's."""
    url, port = fleet.services.postgres.url(fleet.names["one"]), fleet.services.postgres.port
    command = command.replace("postgresql://localhost/shop", url).replace("--name shop", f"--name {fleet.names['one']}")
    program, *arguments = shlex.split(command.replace("--host localhost", f"--host 127.0.0.1 --port {port}"))
    assert program == "migrator"
    return [sys.executable, "-m", "migrator.cli", *arguments]


@pytest.mark.usefixtures("celery_setup", "shop")
def test_every_command_of_the_guide_does_what_it_says(fleet):
    said = {}
    for command in COMMANDS:
        done = subprocess.run(
            here(fleet, command),
            env={**environ, **fleet.environment},
            cwd=fleet.place,
            input="y\n",
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert done.returncode == 0, (command, done.stderr)
        said[command] = done.stdout
    assert "adopted from golang-migrate, at version 0002, 2 migrations applied" in said[COMMANDS[0]]
    assert "1 of 3 histories begun, 2 had one already" in said["migrator baseline --scope tenant --adopt"]
    assert "3 of 3 targets agree with their folders" in said["migrator validate"]
    assert "0 of 3 histories repaired" in said["migrator repair --scope tenant"]
    assert [fleet.history("one", f"tenant_{name}") for name in ("acme", "bravo", "charlie")] == [
        HISTORY,
        HISTORY,
        ["<< Flyway Baseline >>", HISTORY[2]],
    ]
    assert fleet.rows("one", "SELECT * FROM tenant_bravo.schema_migrations") == [(2, False)]
