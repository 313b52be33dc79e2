"""Every task and every part of a worker: they are registered once this is imported."""

from tasks import ahead, beating, hosts, queues
from tasks.alerting import alert, deliver
from tasks.application import app
from tasks.databases import database_created, database_deleted, database_updated
from tasks.losses import lose
from tasks.maintenance import maintenance_scheduled
from tasks.recurring import recur
from tasks.refused import refused
from tasks.relay_step import RelayStep
from tasks.requests import migration_requested
from tasks.rollbacks import rollback_requested
from tasks.steering import steer
from tasks.templates import template
from tasks.tenants import tenant_created, tenant_deleted, tenant_updated
from tasks.tending import fill_spares
from tasks.upkeep import upkeep
from tasks.watchman import Watchman

app.steps["worker"].add(Watchman)

app.steps["worker"].add(RelayStep)

__all__ = [
    "ahead",
    "alert",
    "app",
    "beating",
    "database_created",
    "database_deleted",
    "database_updated",
    "deliver",
    "fill_spares",
    "hosts",
    "lose",
    "maintenance_scheduled",
    "migration_requested",
    "queues",
    "recur",
    "refused",
    "rollback_requested",
    "steer",
    "template",
    "tenant_created",
    "tenant_deleted",
    "tenant_updated",
    "upkeep",
]
