"""Databases, tenants, and what a migration is applied to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Scope(StrEnum):
    """Which folder a target takes its migrations from; the order of the members is the order of the stages."""

    ADMIN = "admin"
    REGIONAL = "regional"
    TENANT = "tenant"


class DatabaseKind(StrEnum):
    """What a database is for."""

    ADMIN = "admin"
    SHARED = "shared"
    ANALYTICS = "analytics"
    TENANT = "tenant"

    @property
    def scope(self) -> Scope:
        """Shared and analytics databases are regional; the other kinds are a scope of their own."""
        return _SCOPES[self]


_SCOPES = {
    DatabaseKind.ADMIN: Scope.ADMIN,
    DatabaseKind.SHARED: Scope.REGIONAL,
    DatabaseKind.ANALYTICS: Scope.REGIONAL,
    DatabaseKind.TENANT: Scope.TENANT,
}


@dataclass(frozen=True)
class Database:
    """One PostgreSQL database we may connect to. Holds no password, only a reference to where one is."""

    id: str
    name: str
    kind: DatabaseKind
    host: str = "localhost"
    port: int = 5432
    username: str | None = None
    region: str | None = None
    credential: str | None = None
    """``env:NAME``, ``file:PATH``, ``command:...``, or None for libpq's own ways."""
    migration_timeout: int = 300
    """Seconds that one statement of a migration may take."""
    lanes: int | None = None
    """How many lanes may work on it at once; None takes the setting."""
    breaker_failures: int | None = None
    """So many failures in a row open its breaker; None takes the setting."""
    breaker_open_seconds: float | None = None
    """How long its breaker lets nobody through before the first probe; None takes the setting."""
    labels: Mapping[str, str] = field(default_factory=dict)
    spares: int | None = None
    """How many spare schemas are kept ready in it; None takes the setting."""

    @property
    def address(self) -> str:
        """Host, port and name, for messages."""
        return f"{self.host}:{self.port}/{self.name}"


@dataclass(frozen=True, slots=True)
class Tenant:
    """One customer; lives in one schema of one database."""

    id: str
    slug: str
    database_id: str
    schema_name: str
    region: str | None = None
    template_version: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """What a migration is applied to: one schema of one database."""

    database_id: str
    schema_name: str
    scope: Scope = Scope.TENANT
    tenant_id: str | None = None
    labels: tuple[tuple[str, str], ...] = field(default=(), compare=False)
    """Of its database and its tenant."""

    def __str__(self) -> str:
        return f"{self.database_id}/{self.schema_name}"
