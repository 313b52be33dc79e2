"""A small fleet for one test, and the questions a test asks of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg2

from migrator.cli.init import upgrade_control_schema
from migrator.fleet import events, ledger, registry
from migrator.fleet.store import Store
from migrator.local import LocalServices
from migrator.model.target import Database, DatabaseKind
from migrator.schema.history import HistoryTable

FIRST = "CREATE TABLE account (id int PRIMARY KEY, name text NOT NULL);"
SECOND = "CREATE INDEX account_name ON account (name);"
SPREAD = """INSERT INTO migrator.tenant (id, slug, database_id, schema_name)
SELECT n, 'tenant ' || n, (ARRAY{homes})[1 + n % cardinality(ARRAY{homes})], 'tenant_' || n
FROM generate_series(1, {tenants}) AS n
ON CONFLICT DO NOTHING"""


class Fleet:
    """A control database and tenant databases of its own on the session's server."""

    def __init__(self, services: LocalServices, place: Path, databases: Sequence[str] = ("one", "two")) -> None:
        self.services, self.place, self.migrations = services, place, place / "migrations"
        self.suffix, self.databases = uuid4().hex[:8], tuple(databases)
        self.names = {name: f"{name}_{self.suffix}" for name in ("control", *self.databases)}
        for name in self.names.values():
            services.postgres.create_database(name)
        upgrade_control_schema(services.postgres.url(self.names["control"]))
        (self.migrations / "tenant").mkdir(parents=True)
        self.store = Store(services.postgres.url(self.names["control"]))

    @property
    def environment(self) -> dict[str, str]:
        return {
            "MIGRATOR_CONTROL_URL": self.services.postgres.url(self.names["control"]),
            "MIGRATOR_BROKER_URL": self.services.valkey.url(),
            "MIGRATOR_MIGRATIONS": str(self.migrations),
            "MIGRATOR_LOG_FORMAT": "json",
            "PGPASSFILE": str(self.services.postgres.passfile),
        }

    def close(self) -> None:
        self.store.dispose()

    def write(self, name: str, sql: str, scope: str = "tenant") -> Path:
        """Put a migration into the folder."""
        path = self.migrations / scope / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(sql)
        return path

    def register(self, tenants: int = 0, databases: Sequence[str] | None = None) -> None:
        """Register databases, and tenants ``tenant_1``... spread over them, without migrating anything."""
        homes = databases or self.databases
        with self.store.begin() as connection:
            for name in homes:
                registry.add_database(connection, self.database(name))
        self.rows("control", SPREAD.format(homes=list(homes), tenants=tenants))

    def home(self, number: int) -> str:
        """The database that a tenant was registered in, where all databases were."""
        return self.databases[number % len(self.databases)]

    def database(self, name: str, **more) -> Database:
        where = {"host": "127.0.0.1", "port": self.services.postgres.port, "username": "postgres"}
        return Database(name, self.names[name], DatabaseKind.TENANT, **{**where, **more})

    def tenant_payload(self, tenant_id: str = "7", **more) -> dict:
        payload = {"tenant_id": tenant_id, "tenant_slug": f"tenant {tenant_id}", "database_id": "one", "region": "eu"}
        return {**payload, "schema_name": f"tenant_{tenant_id}", **more}

    def database_payload(self, name: str = "one", **more) -> dict:
        where = {"host": "127.0.0.1", "port": self.services.postgres.port, "username": "postgres", "region": "eu"}
        payload = {"database_id": name, "database_name": self.names[name], "connection_type": "tenant"}
        return {**payload, **where, **more}

    def rows(self, name: str, query: str) -> list[tuple]:
        """Ask one of the databases."""
        connection = psycopg2.connect(self.services.postgres.url(self.names[name]))
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(query)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def schemas(self, name: str) -> set[str]:
        """The tenant schemas that a database has."""
        found = self.rows(name, "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'tenant%'")
        return {schema for (schema,) in found}

    def history(self, name: str, schema: str) -> list[str]:
        """The scripts in a schema's history, in order; twice when one was applied twice."""
        query = f'SELECT script FROM "{schema}".flyway_schema_history ORDER BY installed_rank'
        return [script for (script,) in self.rows(name, query)]

    @contextmanager
    def holding(self, name: str, schema: str):
        """Somebody else holds a schema's lock while the block runs."""
        connection = psycopg2.connect(self.services.postgres.url(self.names[name]), application_name="a test")
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [HistoryTable(schema).lock])
            yield
        connection.close()

    @contextmanager
    def holding_slots(self, name: str, most: int):
        """All lanes for rollouts on a database are taken while the block runs."""
        where = f"database_id = '{name}' AND slot <= {most}"
        taken = "UPDATE migrator.lane SET holder = 'a test', lease_until = now() + interval '1 hour' WHERE "
        self.rows("control", taken + where)
        yield
        self.rows("control", f"UPDATE migrator.lane SET holder = NULL, lease_until = NULL WHERE {where}")

    def event(self, event_id: str):
        with self.store.begin() as connection:
            return events.find(connection, event_id)

    def execution(self, execution_id: str):
        with self.store.begin() as connection:
            return (
                ledger.execution(connection, execution_id) if ledger.has_execution(connection, execution_id) else None
            )

    def outcomes(self, execution_id: str) -> dict[str, object]:
        with self.store.begin() as connection:
            return {row.schema_name: row for row in ledger.outcomes(connection, execution_id)}

    def command(self, *arguments: str, **more: str) -> subprocess.CompletedProcess:
        """Run the ``migrator`` command as a person would."""
        environment = {**os.environ, **self.environment, **more}
        command = [sys.executable, "-m", "migrator.cli", *arguments]
        return subprocess.run(
            command, env=environment, cwd=self.place, capture_output=True, text=True, timeout=90, check=False
        )

    def command_json(self, *arguments: str) -> tuple[int, object]:
        """Exit code and the one JSON document on stdout."""
        done = self.command(*arguments, "--json")
        return done.returncode, json.loads(done.stdout)
