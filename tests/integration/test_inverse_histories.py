"""Whole histories: wherever an inverse is certain, it leaves the catalog as it was before its migration."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import psycopg2
import pytest

from migrator.folder import read_folder
from migrator.folder.inverse import inverses_of
from migrator.schema.fingerprint import describe

ROOT = Path(__file__).parents[2]


@pytest.fixture
def procrastinate(tmp_path):
    """The SQL that a real package ships, under Flyway's names."""
    source = Path(importlib.util.find_spec("procrastinate").origin).parent / "sql" / "migrations"
    for file in source.glob("*.sql"):
        release, number, description = file.stem.split("_", 2)
        shutil.copy(file, tmp_path / f"V{release}.{number}__{description}.sql")
    return tmp_path


@pytest.fixture
def run(server, database, session, schema):
    """Runs a script in the test's own schema and says what is in it afterwards."""
    connection = psycopg2.connect(server.url(database.name), options=f"-csearch_path={schema}")
    connection.autocommit = True

    def script(sql):
        with connection.cursor() as cursor:
            cursor.execute(sql or "SELECT 1")
        return describe(session, schema)

    script(f"CREATE SCHEMA {schema}")
    yield script
    connection.close()


def walked(path, run):
    """Goes forward through a folder, back and forth again wherever that is certain; the files where it was."""
    read = read_folder(path)
    migrations = [*read.versioned, *read.repeatable]
    catalog, certain = run(""), []
    for migration, inverse in zip(migrations, inverses_of(migrations), strict=True):
        after = run(migration.sql)
        if inverse.is_certain:
            assert run(inverse.sql) == catalog, migration.script
            assert run(migration.sql) == after, migration.script
            certain.append(migration.script)
        catalog = after
    return certain, len(migrations)


def test_the_inverses_of_the_shop_are_exact(run):
    certain, migrations = walked(ROOT / "examples" / "shop" / "migrations" / "tenant", run)
    assert (len(certain), migrations) == (19, 21)


def test_the_inverses_of_a_real_package_are_exact(run, procrastinate):
    certain, migrations = walked(procrastinate, run)
    assert (len(certain), migrations) == (30, 38)
