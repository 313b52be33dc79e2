"""A real application's history: the SQL that the package procrastinate ships, over a fleet of schemas."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest


@pytest.fixture
def procrastinate_migrations(fleet):
    """Its files, renamed to Flyway's convention: 03.00.00_01_x.sql becomes V03.00.00.01__x.sql."""
    source = Path(importlib.util.find_spec("procrastinate").origin).parent / "sql" / "migrations"
    files = list(source.glob("*.sql"))
    for file in files:
        release, number, description = file.stem.split("_", 2)
        shutil.copy(file, fleet.migrations / "tenant" / f"V{release}.{number}__{description}.sql")
    return len(files)


@pytest.mark.usefixtures("celery_setup")
def test_the_migrations_of_procrastinate_apply_to_twenty_schemas(fleet, procrastinate_migrations):
    fleet.register(tenants=20)
    code, report = fleet.command_json("migrate")
    assert (code, report["done"], report["applied"]) == (0, 20, 20 * procrastinate_migrations)
    names = "string_agg(tablename, ' ' ORDER BY tablename)"
    tables = f"SELECT schemaname, {names} FROM pg_tables WHERE schemaname LIKE 'tenant%' GROUP BY 1"
    found = {**dict(fleet.rows("one", tables)), **dict(fleet.rows("two", tables))}
    assert len(found) == 20
    assert len(set(found.values())) == 1
    assert "procrastinate_jobs" in found["tenant_1"]
