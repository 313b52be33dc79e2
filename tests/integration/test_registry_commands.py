"""``migrator database set``: where a database is and how it is worked on, and back to the settings."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from small_fleet import database

from config import settings
from migrator import cli
from migrator.fleet import registry
from tasks import desk


@pytest.fixture
def run(monkeypatch, server, control):
    """The exit code and the document of a command."""
    monkeypatch.setenv("MIGRATOR_CONTROL_URL", server.url(control))
    settings.load.cache_clear()
    desk._stores.clear()

    def command(*words):
        done = CliRunner().invoke(cli.cli, [*words, "--json"])
        return done.exit_code, json.loads(done.stdout) if done.exit_code == 0 else done.output

    yield command
    desk._stores.clear()
    settings.load.cache_clear()


@pytest.fixture
def known(store):
    with store.begin() as connection:
        registry.add_database(connection, database(host="old", port=5432))

    def find():
        with store.begin() as connection:
            return registry.find_database(connection, "eu-1")

    return find


def test_a_database_moves_to_another_address_and_credential(run, known):
    words = ("--host", "new", "--port", "6000", "--username", "ann", "--credential", "env:EU")
    code, said = run("database", "set", "eu-1", *words)
    assert (code, said["changed"]) == (0, True)
    assert (known().host, known().port, known().username, known().credential) == ("new", 6000, "ann", "env:EU")
    run("database", "set", "eu-1", "--credential", "")
    assert (known().host, known().credential) == ("new", None)


def test_spares_are_a_number_none_or_what_the_setting_says(run, known):
    run("database", "set", "eu-1", "--spares", "0")
    assert known().spares == 0
    run("database", "set", "eu-1", "--lanes", "2")
    assert known().spares == 0
    run("database", "set", "eu-1", "--spares", "default")
    assert known().spares is None
    assert run("database", "set", "eu-1", "--spares", "many")[0] == 2
    assert run("database", "set", "eu-1", "--port", "0")[0] == 2
