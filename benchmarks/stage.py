"""Where the benchmark plays: a temporary directory with servers, a copy of the migrations, and workers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2

from benchmarks.ours import Ours
from benchmarks.processor import Meter
from benchmarks.shop import MIGRATIONS, ROOT
from benchmarks.workers import Workers
from migrator import client
from migrator.local import LocalServices, Postgres

_DATABASE = """INSERT INTO migrator.database (id, name, kind, region, host, port, username)
VALUES (%(id)s, %(id)s, 'tenant', 'here', '127.0.0.1', %(port)s, 'postgres')"""
_TENANTS = """INSERT INTO migrator.tenant (id, slug, database_id, schema_name)
SELECT %(id)s || '-' || name, %(id)s || '-' || name, %(id)s, name FROM unnest(%(schemas)s) AS name"""


@dataclass(frozen=True)
class Stage:
    """Servers and workers that run, and the folder that these migrate from."""

    services: LocalServices
    home: Path
    workers: Workers
    folder: Path
    connections: int

    @property
    def postgres(self) -> Postgres:
        """The server of all databases."""
        return self.services.postgres

    @property
    def ours(self) -> Ours:
        """Our lane."""
        return Ours(self.postgres, self.workers, self.folder)

    def meter(self, *, workers: bool) -> Meter:
        """Of the server, and of this process, with or without the workers and their broker."""
        clients = [*self.workers.pids, _alive(self.services.valkey.pid)] if workers else []
        return Meter(_alive(self.postgres.pid), clients)

    def control(self, query: str, values: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Ask or change the control database, past the workers."""
        url = self.services.environment()["MIGRATOR_CONTROL_URL"]
        with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
            cursor.execute(query, values)
            return cursor.fetchall() if cursor.description else []

    def register(self, database: str, schemas: Sequence[str]) -> None:
        """Make a database and write it and its tenants into the registry, for fleets too large to do so by events."""
        self.postgres.create_database(database)
        self.control(_DATABASE, {"id": database, "port": self.postgres.port})
        self.control(_TENANTS, {"id": database, "schemas": list(schemas)})

    @contextmanager
    def other_migrations(self, files: dict[str, str]) -> Iterator[None]:
        """The workers' folder has these files instead of the shop's while the context lasts."""
        tenant, aside = self.folder / "tenant", self.home / "aside"
        tenant.rename(aside)
        try:
            tenant.mkdir()
            for name, sql in files.items():
                (tenant / name).write_text(sql)
            yield
        finally:
            shutil.rmtree(tenant)
            aside.rename(tenant)


@contextmanager
def temporary_home() -> Iterator[Path]:
    """A directory that PostgreSQL's own account can enter too, gone afterwards with all that was measured."""
    with tempfile.TemporaryDirectory(prefix="migrator-benchmark-") as name:
        home = Path(name)
        home.chmod(0o755)
        yield home


@contextmanager
def workers_on(
    services: LocalServices, home: Path, lanes: int, more: Mapping[str, str] | None = None
) -> Iterator[Stage]:
    """Workers on a control database made for them; ``more`` settings."""
    folder = home / "migrations"
    shutil.copytree(MIGRATIONS, folder)
    environment = {
        **services.environment(),
        "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]),
        "MIGRATOR_MIGRATIONS": str(folder),
        "MIGRATOR_LANES": str(lanes),
        "MIGRATOR_LOG_LEVEL": "WARNING",
        **(more or {}),
    }
    init = [sys.executable, "-m", "migrator.cli", "init", "--json"]
    subprocess.run(init, env={**os.environ, **environment}, cwd=home, check=True, stdout=subprocess.DEVNULL)
    client.connect(services.valkey.url(), services.valkey.url())
    with Workers(home, environment) as workers:
        yield Stage(services, home, workers, folder, lanes)


def _alive(pid: int | None) -> int:
    if pid is None:
        raise RuntimeError("a server has ended")
    return pid
