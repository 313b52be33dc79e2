"""What happens to databases."""

from __future__ import annotations

from migrator.fleet import registry
from migrator.model.event import Event, EventType
from migrator.model.payload import DatabaseCreated, DatabaseDeleted, DatabaseUpdated
from migrator.model.target import Database
from tasks import desk, rollout
from tasks.breakers import breakers
from tasks.event_task import EventTask, Report, event_task, settle
from tasks.migrate_targets import migrate_targets

MOVED = "the database was changed in the registry"


@event_task(EventType.DATABASE_CREATED)
def database_created(task: EventTask, event: Event, payload: DatabaseCreated) -> Report:
    """A database was made: register it, and migrate what it has to be migrated, by its kind."""
    if rollout.is_open(event):
        return rollout.carry_on(task, event)
    database = Database(
        id=payload.database_id,
        name=payload.database_name,
        kind=payload.connection_type,
        host=payload.host,
        port=payload.port,
        username=payload.username,
        region=payload.region,
        migration_timeout=payload.migration_timeout,
        labels=payload.labels,
    )
    scope = database.kind.scope
    with desk.store().begin() as connection:
        fresh = registry.add_database(connection, database)
        own_schema = desk.settings().own_schema
        targets = registry.targets(connection, [scope], own_schema=own_schema, databases=[database.id])
        is_over = not payload.auto_migrate or not targets
        said = f"database {database.id} {'is registered' if fresh else 'was registered before'}"
        report = settle(connection, event, said, changed=int(fresh)) if is_over else {}
    if fresh:
        breakers().forget(database.id, MOVED)
    return report if is_over else migrate_targets(task, event, targets, requested_by=f"database {database.id}")


@event_task(EventType.DATABASE_UPDATED)
def database_updated(task: EventTask, event: Event, payload: DatabaseUpdated) -> Report:
    """A database moved or was renamed: bring the registry up to date."""
    changes = payload.changes | {"name": payload.database_name}
    with desk.store().begin() as connection:
        changed = registry.change_database(connection, payload.database_id, changes)
        said = "was changed" if changed else "was so already"
        report = settle(connection, event, f"database {payload.database_id} {said}", changed=int(changed))
    if changed:
        breakers().forget(payload.database_id, MOVED)
    return report


@event_task(EventType.DATABASE_DELETED)
def database_deleted(task: EventTask, event: Event, payload: DatabaseDeleted) -> Report:
    """A database is no longer ours: retire it in the registry; nothing in it is dropped."""
    with desk.store().begin() as connection:
        changed = registry.retire_database(connection, payload.database_id)
        said = "is retired, nothing in it was dropped" if changed else "was retired before"
        return settle(connection, event, f"database {payload.database_id} {said}", changed=int(changed))
