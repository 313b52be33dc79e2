"""What stands in the schemas themselves, for tests that do not take the ledger's word for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from migrator.folder import read_folder
from migrator.schema.engine import Engine
from migrator.schema.fingerprint import fingerprints_of
from migrator.schema.session import open_url
from tests.acceptance.fleet import Fleet

HISTORY = "flyway_schema_history"
TENANT = "^tenant_[0-9]+$"
"""Not what a restore has put aside."""
TABLES = f"""SELECT schemaname, tablename FROM pg_tables
WHERE schemaname ~ '{TENANT}' AND tablename {{}} '{HISTORY}' ORDER BY 1, 2"""
RANKS = """SELECT installed_rank, version, type, script,
    installed_on AT TIME ZONE current_setting('TimeZone') AS began, xmin::text FROM {} ORDER BY 1"""


def migrate_here(fleet: Fleet, tenants: int) -> None:
    """Bring ``tenant_1``... to the folder's newest version by the engine alone: no worker, no execution."""
    engine = Engine(read_folder(fleet.migrations / "tenant"))
    for place, name in enumerate(fleet.databases):
        with closing(open_url(fleet.services.postgres.url(fleet.names[name]))) as session:
            for number in range(1, tenants + 1):
                if number % len(fleet.databases) == place:
                    engine.migrate(session, f"tenant_{number}")


def histories(fleet: Fleet) -> dict[str, list[tuple]]:
    """Every row of each schema's history: rank, version, type, script, when its transaction began, and which it was."""
    found: dict[str, list[tuple]] = {}
    for name in fleet.databases:
        for schema, *row in _of_each(fleet, name, "=", RANKS):
            found.setdefault(schema, []).append(tuple(row))
    return found


def scripts(fleet: Fleet) -> dict[str, list[str]]:
    """The scripts in each schema's history, in order; twice when one was applied twice."""
    return {schema: [row[3] for row in rows] for schema, rows in histories(fleet).items()}


def row_counts(fleet: Fleet) -> dict[tuple[str, str], int]:
    """How many rows each table of each tenant has."""
    return {
        (schema, table): count
        for name in fleet.databases
        for schema, table, count in _of_each(fleet, name, "<>", "SELECT '{1}', count(*) FROM {0}")
    }


def fingerprints(fleet: Fleet) -> dict[str, str]:
    """The fingerprint of each schema's catalog as it is now."""
    found: dict[str, str] = {}
    for name in fleet.databases:
        with closing(open_url(fleet.services.postgres.url(fleet.names[name]))) as session:
            schemas = fleet.rows(name, f"SELECT nspname FROM pg_namespace WHERE nspname ~ '{TENANT}'")
            found |= fingerprints_of(session, [schema for (schema,) in schemas])
    return found


def relations(fleet: Fleet) -> dict[str, set[str]]:
    """The names of the tables, indexes and sequences of each schema, its history left out."""
    query = f"""SELECT nspname, coalesce(array_agg(relname::text) FILTER (WHERE relname NOT LIKE '{HISTORY}%'), '{{}}')
        FROM pg_namespace LEFT JOIN pg_class ON relnamespace = pg_namespace.oid
        WHERE nspname ~ '{TENANT}' GROUP BY nspname"""
    return {schema: set(names) for name in fleet.databases for schema, names in fleet.rows(name, query)}


def _of_each(fleet: Fleet, name: str, which: str, query: str) -> Iterator[tuple]:
    """Ask the same of each table in one statement; the schema comes first in each row."""
    parts = [
        f"(SELECT '{schema}', asked.* FROM ({query.format(f'{schema}.{table}', table)}) AS asked)"
        for schema, table in fleet.rows(name, TABLES.format(which))
    ]
    yield from fleet.rows(name, " UNION ALL ".join(parts)) if parts else ()
