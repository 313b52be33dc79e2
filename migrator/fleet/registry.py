"""The registry: which databases and tenants there are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Row
from sqlalchemy.exc import IntegrityError

from migrator.errors import DatabaseConflict, TenantConflict, UnknownDatabase, UnknownTenant
from migrator.fleet.store import first, rows, run
from migrator.model.target import Database, DatabaseKind, Scope, Target, Tenant

CHANGEABLE = (
    *("name", "region", "host", "port", "username", "credential", "migration_timeout", "lanes"),
    *("breaker_failures", "breaker_open_seconds", "spares"),
)
"""What of a database may become something else; its labels too."""
SPARES_AS_SET = -1
"""As ``spares`` in a change: as many as the setting says."""


def add_database(connection: Connection, database: Database) -> bool:
    """Register a database, or bring a retired one back; False when it is registered just so already.

    The same id with another kind is refused: its targets would change their scope. A new address or user is a
    move and is taken over.
    """
    if first(connection, "add_database", **_stored(_database_row(database))):
        return True
    known = as_database(first(connection, "database", id=database.id))
    if known.kind is not database.kind:
        kinds = f"kind {known.kind.value} already, not {database.kind.value}"
        reason = f"it is registered with {kinds}; give this one another id"
        raise DatabaseConflict(database=database.id, reason=reason)
    revived = run(connection, "revive_database", id=database.id)
    return change_database(connection, database.id, _database_row(database)) or bool(revived)


def change_database(connection: Connection, database_id: str, changes: Mapping[str, Any]) -> bool:
    """Change what is given of a database; False when all of it was so already. Raises UnknownDatabase."""
    before = find_database(connection, database_id)
    values = {field: changes.get(field) for field in CHANGEABLE} | {"labels": _labels(changes.get("labels"))}
    run(connection, "change_database", id=database_id, **values)
    return find_database(connection, database_id) != before


def retire_database(connection: Connection, database_id: str) -> bool:
    """Take a database out of the fleet, nothing in it is touched; False when it was out already."""
    if first(connection, "database", id=database_id) is None:
        raise UnknownDatabase(database=database_id)
    return bool(run(connection, "retire_database", id=database_id))


def find_database(connection: Connection, database_id: str) -> Database:
    """An active database by its id. Raises UnknownDatabase, also for a retired one."""
    found = first(connection, "database", id=database_id)
    if found is None or found.state != "active":
        raise UnknownDatabase(database=database_id)
    return as_database(found)


def databases(connection: Connection, *, retired: bool = False) -> list[Database]:
    """All active databases by id; with ``retired`` all there ever were."""
    return [as_database(row) for row in rows(connection, "databases", retired=retired)]


def add_tenant(connection: Connection, tenant: Tenant) -> bool:
    """Register a tenant, or bring a retired one back; False when it is registered just so already.

    Raises UnknownDatabase, or TenantConflict when its schema is another tenant's or it has another schema.
    """
    find_database(connection, tenant.database_id)
    if first(connection, "add_tenant", **tenant_row(tenant)):
        return True
    _refuse_taken_schema(connection, tenant.id, tenant.database_id, tenant.schema_name)
    known = as_tenant(first(connection, "tenant", id=tenant.id))
    if (known.database_id, known.schema_name) != (tenant.database_id, tenant.schema_name):
        reason = f"it is registered with schema {known.schema_name} in database {known.database_id}"
        raise TenantConflict(tenant=tenant.id, schema=tenant.schema_name, database=tenant.database_id, reason=reason)
    with _one_owner(connection, tenant.id, tenant.database_id, tenant.schema_name):
        revived = run(connection, "revive_tenant", id=tenant.id)
    return change_tenant(connection, tenant.id, _tenant_row(tenant)) or bool(revived)


def change_tenant(connection: Connection, tenant_id: str, changes: Mapping[str, Any]) -> bool:
    """Change what is given of a tenant; False when all of it was so already. Moves no data.

    Raises UnknownTenant, UnknownDatabase or TenantConflict.
    """
    before = find_tenant(connection, tenant_id)
    database_id = changes.get("database_id") or before.database_id
    find_database(connection, database_id)
    fields = ("slug", "database_id", "schema_name", "region", "template_version")
    with _one_owner(connection, tenant_id, database_id, changes.get("schema_name") or before.schema_name):
        values = {field: changes.get(field) for field in fields} | {"labels": _labels(changes.get("labels"))}
        run(connection, "change_tenant", id=tenant_id, **values)
    return find_tenant(connection, tenant_id) != before


def retire_tenant(connection: Connection, tenant_id: str) -> bool:
    """Take a tenant out of the fleet, its schema stays; False when it was out already. Raises UnknownTenant."""
    if first(connection, "tenant", id=tenant_id) is None:
        raise UnknownTenant(tenant=tenant_id)
    return bool(run(connection, "retire_tenant", id=tenant_id))


def find_tenant(connection: Connection, tenant_id: str) -> Tenant:
    """An active tenant by its id. Raises UnknownTenant, also for a retired one."""
    found = first(connection, "tenant", id=tenant_id)
    if found is None or found.state != "active":
        raise UnknownTenant(tenant=tenant_id)
    return as_tenant(found)


def known_tenant(connection: Connection, tenant_id: str) -> Tenant:
    """A tenant by its id, retired or not. Raises UnknownTenant."""
    found = first(connection, "tenant", id=tenant_id)
    if found is None:
        raise UnknownTenant(tenant=tenant_id)
    return as_tenant(found)


def tenants(connection: Connection, database_id: str | None = None, *, retired: bool = False) -> list[Tenant]:
    """All active tenants, of one database or of all, by database and schema."""
    return [as_tenant(row) for row in rows(connection, "tenants", database_id=database_id, retired=retired)]


def targets(
    connection: Connection,
    scopes: Iterable[Scope],
    *,
    own_schema: str,
    databases: Sequence[str] | None = None,
    schemas: Sequence[str] | None = None,
    tenants: Sequence[str] | None = None,
) -> list[Target]:
    """The targets of some scopes, databases, schemas and tenants; None stands for all of them.

    ``own_schema`` is the schema that a database of scope admin or regional is migrated in.
    """
    wanted = {
        "scopes": [scope.value for scope in scopes],
        "databases": list(databases) if databases is not None else None,
        "schemas": list(schemas) if schemas is not None else None,
        "tenants": list(tenants) if tenants is not None else None,
    }
    found = rows(connection, "targets", own_schema=own_schema, **wanted)
    return [as_target(row) for row in found]


def as_target(row: Row[Any]) -> Target:
    """A row with the target's labels as its noun."""
    labels = tuple(sorted(row.labels.items()))
    return Target(row.database_id, row.schema_name, Scope(row.scope), row.tenant_id, labels)


def as_database(row: Row[Any] | None) -> Database:
    """A row of the table as its noun."""
    if row is None:
        raise ValueError("there is no such row")
    return Database(
        id=row.id,
        name=row.name,
        kind=DatabaseKind(row.kind),
        host=row.host,
        port=row.port,
        username=row.username,
        region=row.region,
        credential=row.credential,
        migration_timeout=row.migration_timeout,
        lanes=row.lanes,
        breaker_failures=row.breaker_failures,
        breaker_open_seconds=row.breaker_open_seconds,
        labels=row.labels,
        spares=row.spares,
    )


def as_tenant(row: Row[Any] | None) -> Tenant:
    """A row of the table as its noun."""
    if row is None:
        raise ValueError("there is no such row")
    return Tenant(row.id, row.slug, row.database_id, row.schema_name, row.region, row.template_version, row.labels)


@contextmanager
def _one_owner(connection: Connection, tenant_id: str, database_id: str, schema_name: str) -> Iterator[None]:
    """Raise TenantConflict when the change inside would give a schema a second owner, also at the same moment."""
    _refuse_taken_schema(connection, tenant_id, database_id, schema_name)
    try:
        with connection.begin_nested():
            yield
    except IntegrityError:
        _refuse_taken_schema(connection, tenant_id, database_id, schema_name)
        raise


def _refuse_taken_schema(connection: Connection, tenant_id: str, database_id: str, schema_name: str) -> None:
    owner = first(connection, "schema_owner", database_id=database_id, schema_name=schema_name)
    if owner is not None and owner.id != tenant_id:
        reason = f"that schema is tenant {owner.id}'s"
        raise TenantConflict(tenant=tenant_id, schema=schema_name, database=database_id, reason=reason)


def _database_row(database: Database) -> dict[str, Any]:
    return {
        "id": database.id,
        "name": database.name,
        "kind": database.kind.value,
        "region": database.region,
        "host": database.host,
        "port": database.port,
        "username": database.username,
        "credential": database.credential,
        "migration_timeout": database.migration_timeout,
        "lanes": database.lanes,
        "breaker_failures": database.breaker_failures,
        "breaker_open_seconds": database.breaker_open_seconds,
        "spares": database.spares,
        "labels": dict(database.labels) or None,
    }


def tenant_row(tenant: Tenant) -> dict[str, Any]:
    """A tenant as ``add_tenant`` takes it."""
    return _stored(_tenant_row(tenant))


def _tenant_row(tenant: Tenant) -> dict[str, Any]:
    return {
        "id": tenant.id,
        "slug": tenant.slug,
        "database_id": tenant.database_id,
        "schema_name": tenant.schema_name,
        "region": tenant.region,
        "template_version": tenant.template_version,
        "labels": dict(tenant.labels) or None,
    }


def _stored(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"labels": _labels(row["labels"])}


def _labels(labels: Mapping[str, str] | None) -> str | None:
    """As the queries take them; None leaves them as they are."""
    return json.dumps(dict(labels)) if labels is not None else None
