"""Histories that real projects ship: by the command line into two schemas and by plain psql into a third, all equal."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
CACHE = REPOSITORY / ".venv" / "cache"
GRAPHILE_WORKER = "graphile-worker@0.16.6"
NOT_OURS = re.compile(r"^(--.*|SET .*|SELECT pg_catalog\.set_config.*|\\(un)?restrict .*|\s*)$\n?", re.MULTILINE)


@pytest.fixture
def procrastinate():
    """The files that the package ships, in order, and the folder's options."""
    source = Path(importlib.util.find_spec("procrastinate").origin).parent / "sql" / "migrations"
    return {file.name: file.read_text() for file in sorted(source.glob("*.sql"))}, ""


@pytest.fixture
def graphile_worker():
    """The files of a package of npm's, which name their schema by a placeholder of their own."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed, so graphile-worker's SQL cannot be fetched")
    archive = CACHE / f"{GRAPHILE_WORKER.replace('@', '-')}.tgz"
    if not archive.exists():
        CACHE.mkdir(exist_ok=True)
        subprocess.run([npm, "pack", GRAPHILE_WORKER, "--silent"], cwd=CACHE, check=True, capture_output=True)
    with tarfile.open(archive) as packed:
        names = sorted(name for name in packed.getnames() if re.fullmatch(r"package/sql/\d+\.sql", name))
        files = {Path(name).name: packed.extractfile(name).read().decode() for name in names}
    return files, '[placeholders]\n":GRAPHILE_WORKER_SCHEMA" = "${schema}"\n'


@pytest.fixture
def run(server, database):
    """Runs a program of the server's, or ours, on the module's database."""

    def program(*command, **environment):
        done = subprocess.run(
            [*map(str, command)],
            env={**os.environ, "PGPASSFILE": str(server.passfile), **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return program


@pytest.fixture
def by_command(server, database, run, tmp_path):
    """Brings a schema up to a folder by the command line."""

    def up(schema, files, options):
        for name, text in {**files, "folder.toml": options}.items():
            (tmp_path / name).write_text(text)
        where = ["--url", server.url(database.name), "--schema", schema, "--folder", tmp_path]
        run(sys.executable, "-m", "migrator.cli", "schema", "up", *where)
        return run(sys.executable, "-m", "migrator.cli", "schema", "validate", *where)

    return up


@pytest.fixture
def by_psql(server, database, run, ask, tmp_path):
    """Runs the files one after the other in plain psql."""

    def each(schema, files, _options):
        ask(f"CREATE SCHEMA {schema}")
        path = {"PGOPTIONS": f"-c search_path={schema},public"}
        for name, text in files.items():
            script = tmp_path / f"{schema}_{name}"
            script.write_text(text.replace(":GRAPHILE_WORKER_SCHEMA", schema))
            psql = [server.bin / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-1", server.url(database.name)]
            run(*psql, "-f", script, **path)

    return each


@pytest.fixture
def dump(server, database, run):
    """A schema's DDL as pg_dump writes it, our history and the schema's own name left out."""

    def ddl(schema):
        command = [server.bin / "pg_dump", "--schema-only", "--no-owner", "-n", schema]
        text = run(*command, "-T", f"{schema}.flyway_schema_history", server.url(database.name))
        return re.sub(rf"\b{schema}\b", "SCHEMA", NOT_OURS.sub("", text))

    return ddl


@pytest.mark.parametrize("project", ["procrastinate", "graphile_worker"])
def test_a_real_history_makes_in_every_schema_what_plain_psql_makes(
    request, by_command, by_psql, dump, schema, project
):
    files, options = request.getfixturevalue(project)
    one, two, three = (f"{schema}_{name}" for name in ("one", "two", "psql"))
    for name in (one, two):
        assert "agrees with the folder" in by_command(name, files, options)
    by_psql(three, files, options)
    made = dump(one)
    assert made.count("CREATE TABLE") >= 3
    assert made.count("CREATE FUNCTION") >= 3
    assert dump(two) == made
    assert dump(three) == made
