"""The commands for one schema work on an Alembic script directory as on any other folder."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.alembic_directory import table, write_directory

LINE = {"a": table("a"), "b": table("b", "a"), "c": table("c", "b")}


@pytest.fixture
def command(server, database, schema, tmp_path):
    """Runs ``migrator schema``; gives the exit code and the document, or what was said about an error."""
    write_directory(tmp_path, **LINE)

    def run(name, *options):
        where = ["--url", server.url(database.name), "--schema", schema, "--folder", str(tmp_path)]
        words = [sys.executable, "-m", "migrator.cli", "schema", name, *where, *options, "--json"]
        done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, json.loads(done.stdout) if done.returncode == 0 else done.stdout + done.stderr

    return run


def test_a_schema_is_brought_up_looked_at_and_taken_down_by_revision(command, ask, schema):
    assert command("up", "--to", "b")[1]["applied"] == ["a.py", "b.py"]
    assert command("status")[1]["pending"] == ["c.py"]
    code, found = command("validate")
    assert (code, found["valid"], [finding["kind"] for finding in found["findings"]]) == (0, True, ["pending"])
    assert command("up")[1]["applied"] == ["c.py"]
    assert ask(f"SELECT version_num FROM {schema}.alembic_version") == [("c",)]
    assert command("down", "--to", "a")[1]["undone"] == ["c.py", "b.py"]
    assert ask(f"SELECT version_num FROM {schema}.alembic_version") == [("a",)]


def test_a_schema_that_alembic_made_is_refused_and_the_way_on_is_named(command, ask, schema):
    ask(f"CREATE SCHEMA {schema}")
    ask(f"CREATE TABLE {schema}.alembic_version AS SELECT 'b' AS version_num")
    code, said = command("up")
    assert code == 1
    assert "alembic_version says that b is applied" in said
    assert "migrator schema baseline --adopt" in said


def test_what_alembic_has_applied_is_adopted_and_the_rest_is_applied(command, ask, schema):
    ask(f"CREATE SCHEMA {schema}")
    ask(f"CREATE TABLE {schema}.alembic_version AS SELECT 'b' AS version_num")
    code, adopted = command("baseline", "--adopt")
    assert (code, adopted["tool"], adopted["applied"]) == (0, "alembic", ["a.py", "b.py"])
    assert command("validate")[1]["valid"]
    assert command("up")[1]["applied"] == ["c.py"]
    assert ask(f"SELECT version_num FROM {schema}.alembic_version") == [("c",)]


def test_a_revision_that_the_folder_does_not_have_is_not_adopted(command, ask, schema):
    ask(f"CREATE SCHEMA {schema}")
    ask(f"CREATE TABLE {schema}.alembic_version AS SELECT 'elsewhere' AS version_num")
    code, said = command("baseline", "--adopt")
    assert (code, "there is no revision elsewhere" in said) == (1, True)
    assert ask("SELECT to_regclass(%s)", f"{schema}.flyway_schema_history") == [(None,)]


def test_a_dry_run_of_the_way_back_shows_the_sql_of_revisions(command):
    command("up")
    code, found = command("down", "--to", "a", "--dry-run")
    assert (code, [step["script"] for step in found["steps"]]) == (0, ["c.py", "b.py"])
    assert "DROP TABLE c" in found["steps"][0]["sql"]
    assert command("status")[1]["pending"] == []
