"""What the control database knows of one tenant or one database, for a person who asks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row

from migrator.errors import UnknownTenant
from migrator.fleet.store import first, rows


def tenant(connection: Connection, tenant_id: str) -> Row[Any]:
    """A tenant with the states of both, also a retired one. Raises UnknownTenant."""
    found = first(connection, "tenant_facts", tenant=tenant_id)
    if found is None:
        raise UnknownTenant(tenant=tenant_id)
    return found


def outcomes_of(connection: Connection, database_id: str, schema_name: str, most: int) -> Sequence[Row[Any]]:
    """What became of one schema, with where each execution stands, newest first."""
    return rows(connection, "outcomes_of_target", database=database_id, schema=schema_name, most=most)


def count_tenants(connection: Connection, database_id: str) -> int:
    """How many active tenants a database has."""
    found = first(connection, "count_tenants", database=database_id)
    return int(found.tenants) if found is not None else 0


def last_breaker(connection: Connection, database_id: str) -> Row[Any] | None:
    """The last change of a database's breaker (state, reason, at, by); None where there never was one."""
    return first(connection, "breaker_of_database", database=database_id)


def pace_of(connection: Connection, database_id: str) -> Row[Any] | None:
    """The pace of a database (lanes, budget, reason); None where nothing was measured yet."""
    return first(connection, "pace_of_database", database=database_id)


def at_work(connection: Connection, database_id: str) -> Sequence[Row[Any]]:
    """Executions that have free or claimed targets in a database and have not ended, oldest first."""
    return rows(connection, "at_work_in_database", database=database_id)


def names(connection: Connection, kind: str, most: int = 20_000) -> list[str]:
    """Ids of active databases or tenants, to find the one that somebody may have meant."""
    queries = {"database": "names_of_databases", "tenant": "names_of_tenants"}
    return [row.id for row in rows(connection, queries[kind], most=most)]


def maintenance(connection: Connection, most: int) -> Sequence[Row[Any]]:
    """Events of maintenance with where their executions stand, newest first."""
    return rows(connection, "maintenance_events", most=most)
