"""What each event type carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field, model_validator

from migrator.model.event import EventType
from migrator.model.execution import Work
from migrator.model.fields import (
    Change,
    Id,
    Labels,
    Payload,
    Port,
    SchemaName,
    Seconds,
    ShareText,
    Text,
    VersionText,
)
from migrator.model.rollout import OnHalt, Order, Rollout
from migrator.model.target import DatabaseKind, Scope
from migrator.model.window import Window

_ROLLOUT = Rollout()


class DatabaseCreated(Payload):
    """A database was made and may be connected to."""

    database_id: Id
    database_name: Text
    connection_type: DatabaseKind
    region: Text
    host: Text
    port: Port
    username: Text
    auto_migrate: bool = True
    migration_timeout: Seconds = 300
    labels: Labels = Field(default_factory=dict)


class DatabaseUpdated(Change):
    """A database moved or was renamed."""

    database_id: Id
    database_name: Text | None = None
    region: Text | None = None
    host: Text | None = None
    port: Port | None = None
    username: Text | None = None
    migration_timeout: Seconds | None = None
    labels: Labels | None = None


class DatabaseDeleted(Payload):
    """A database is no longer ours to migrate."""

    database_id: Id


class TenantCreated(Payload):
    """A customer signed up and needs a schema."""

    tenant_id: Id
    tenant_slug: Text
    database_id: Id
    schema_name: SchemaName
    region: Text
    template_version: VersionText | None = None
    auto_migrate: bool = True
    labels: Labels = Field(default_factory=dict)


class TenantUpdated(Change):
    """A customer was renamed or lives elsewhere now; nothing is moved by us."""

    tenant_id: Id
    tenant_slug: Text | None = None
    database_id: Id | None = None
    schema_name: SchemaName | None = None
    region: Text | None = None
    template_version: VersionText | None = None
    labels: Labels | None = None


class TenantDeleted(Payload):
    """A customer left; the schema stays."""

    tenant_id: Id


class RolloutWishes(Payload):
    """How a rollout is to go about its targets; the defaults are those of Rollout, which explains each."""

    canary: Annotated[int, Field(ge=0)] = _ROLLOUT.canary
    canary_tenants: tuple[Id, ...] = ()
    canary_labels: Labels = Field(default_factory=dict)
    wave_size: ShareText = _ROLLOUT.wave_size
    soak_seconds: Annotated[float, Field(ge=0, le=7 * 24 * 3600)] = _ROLLOUT.soak_seconds
    max_failures: ShareText = _ROLLOUT.max_failures
    max_wave_failures: ShareText | None = None
    on_halt: OnHalt = _ROLLOUT.on_halt
    order: Order = _ROLLOUT.order
    first: tuple[Id, ...] = ()
    last: tuple[Id, ...] = ()
    lanes: Annotated[int, Field(ge=1)] | None = None
    statement_timeout: Annotated[float, Field(gt=0, le=7 * 24 * 3600)] | None = None
    snapshots: Literal["never", "unsafe", "always"] = "never"
    fingerprints: bool = _ROLLOUT.fingerprints
    check: bool = _ROLLOUT.check

    def rollout(self, *, force: bool = False) -> Rollout:
        """The wishes as their noun."""
        wishes = {name: getattr(self, name) for name in RolloutWishes.model_fields}
        return Rollout(**wishes, force=force)


MaintenanceType = Literal["migrate", "validate", "drift", "snapshot", "reindex", "analyze"]
Minutes = Annotated[float, Field(gt=0, le=7 * 24 * 60)]
DAY = 24 * 60


class MaintenanceScheduled(RolloutWishes):
    """Work to be done in a window. No databases or schemas means all of them."""

    maintenance_id: Id
    maintenance_type: MaintenanceType
    target_databases: tuple[Id, ...] = ()
    target_schemas: tuple[SchemaName, ...] = ()
    scheduled_time: datetime
    """When the window opens; without a time zone it is UTC."""
    maintenance_window: Minutes = 60
    window_every: Annotated[float, Field(gt=0, le=366 * DAY)] = DAY
    """Minutes from the beginning of one window to that of the next, where what is left is done."""
    auto_rollback: bool = True
    """Whether what a migration changed is taken back when more targets fail than may."""

    @model_validator(mode="after")
    def _only_a_migration_is_taken_back(self) -> MaintenanceScheduled:
        if self.on_halt is OnHalt.ROLLBACK and self.work is not Work.MIGRATE:
            raise ValueError(f"on_halt: {self.work.value} changes nothing that could be rolled back")
        return self

    @model_validator(mode="after")
    def _windows_do_not_overlap(self) -> MaintenanceScheduled:
        if self.window_every < self.maintenance_window:
            raise ValueError(
                "window_every is shorter than maintenance_window: the next window would begin before the end"
            )
        return self

    @property
    def work(self) -> Work:
        """What is done to each target."""
        return Work(self.maintenance_type)

    @property
    def every(self) -> timedelta:
        """From one window to the next."""
        return timedelta(minutes=self.window_every)

    @property
    def length(self) -> timedelta:
        """Of each window."""
        return timedelta(minutes=self.maintenance_window)

    @property
    def window(self) -> Window:
        """The first window, perhaps over by now."""
        opens = self.scheduled_time
        opens = opens if opens.tzinfo else opens.replace(tzinfo=UTC)
        return Window(opens, opens + self.length)

    def rollout(self, *, force: bool = False) -> Rollout:
        """The wishes, and what the type asks for where nothing was wished.

        Work that only looks has neither canary nor failure budget: nothing is changed that could be stopped.
        """
        wished = super().rollout(force=force)
        given = self.model_fields_set
        if self.work is Work.MIGRATE and self.auto_rollback and "on_halt" not in given:
            return replace(wished, on_halt=OnHalt.ROLLBACK)
        if self.work.only_looks:
            canary = wished.canary if "canary" in given else 0
            return replace(
                wished, canary=canary, max_failures=wished.max_failures if "max_failures" in given else "100%"
            )
        return wished


class MigrationRequested(RolloutWishes):
    """Bring targets to the newest version, or to a given one. None for databases, schemas or tenants means all."""

    request_id: Id
    scope: Scope | Literal["all"]
    target_databases: tuple[Id, ...] | None = None
    target_schemas: tuple[SchemaName, ...] | None = None
    target_tenants: tuple[Id, ...] | None = None
    target_labels: Labels = Field(default_factory=dict)
    """Only targets whose database or tenant has all of these labels."""
    if_busy: Literal["wait", "refuse"] = "wait"
    """What to do while an earlier execution has some of the same targets."""
    dry_run: bool = False
    force_execution: bool = False
    requested_by: Text
    to_version: VersionText | None = None

    @model_validator(mode="after")
    def _version_has_one_meaning(self) -> MigrationRequested:
        if self.to_version and self.scope == "all":
            raise ValueError("to_version needs one scope: versions of different scopes have nothing in common")
        return self


class RollbackRequested(Payload):
    """Take back what one execution changed."""

    execution_id: Id
    strategy: Literal["auto", "undo", "inverse", "snapshot"] = "auto"
    target_version: VersionText | None = None
    """Take back only what is above it; needs that the execution had one scope."""
    dry_run: bool = False
    force_execution: bool = False
    """Also when it ended longer ago than the age limit; and failure budget and preflight are overridden."""
    requested_by: Text
    canary: Annotated[int, Field(ge=0)] = 1
    wave_size: ShareText = "100%"
    max_failures: ShareText = "1%"


PAYLOADS: Mapping[EventType, type[Payload]] = {
    EventType.DATABASE_CREATED: DatabaseCreated,
    EventType.DATABASE_UPDATED: DatabaseUpdated,
    EventType.DATABASE_DELETED: DatabaseDeleted,
    EventType.TENANT_CREATED: TenantCreated,
    EventType.TENANT_UPDATED: TenantUpdated,
    EventType.TENANT_DELETED: TenantDeleted,
    EventType.MAINTENANCE_SCHEDULED: MaintenanceScheduled,
    EventType.MIGRATION_REQUESTED: MigrationRequested,
    EventType.ROLLBACK_REQUESTED: RollbackRequested,
}
