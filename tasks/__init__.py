"""The nine event types as Celery tasks: ``from tasks import tenant_created; tenant_created.delay(...)``.

The first of these names that somebody asks for imports them all. Who needs a module of this package alone, as most
commands do, does not wait for that.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tasks.application import app
    from tasks.databases import database_created, database_deleted, database_updated
    from tasks.maintenance import maintenance_scheduled
    from tasks.requests import migration_requested
    from tasks.rollbacks import rollback_requested
    from tasks.steering import steer
    from tasks.tenants import tenant_created, tenant_deleted, tenant_updated

__all__ = [
    "app",
    "database_created",
    "database_deleted",
    "database_updated",
    "maintenance_scheduled",
    "migration_requested",
    "rollback_requested",
    "steer",
    "tenant_created",
    "tenant_deleted",
    "tenant_updated",
]


def __getattr__(name: str) -> Any:
    """One of the names above."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("tasks.everything"), name)
