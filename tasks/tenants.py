"""What happens to tenants."""

from __future__ import annotations

from functools import partial

from sqlalchemy import Connection

from migrator.fleet import registry
from migrator.model.event import Event, EventType
from migrator.model.payload import TenantCreated, TenantDeleted, TenantUpdated
from migrator.model.plan import by_scope, make_plan
from migrator.model.target import Scope, Target, Tenant
from tasks import desk, rollout
from tasks.dependencies import refuse_unmet
from tasks.ending import follow_up
from tasks.event_task import EventTask, Report, event_task, settle
from tasks.newcomer import hand_over
from tasks.spares import ask_for_spares, wanted_spares
from tasks.survey import NOTHING_ASKED


@event_task(EventType.TENANT_CREATED)
def tenant_created(task: EventTask, event: Event, payload: TenantCreated) -> Report:
    """A customer signed up: register the tenant, and make and migrate its schema, in place and at once."""
    task.request.afterwards = [partial(_fill_up, payload.database_id)]
    tenant = Tenant(
        payload.tenant_id,
        payload.tenant_slug,
        payload.database_id,
        payload.schema_name,
        payload.region,
        payload.template_version,
        payload.labels,
    )
    to = desk.known_version(Scope.TENANT, payload.template_version)
    if payload.auto_migrate and (report := hand_over(task, event, tenant, to)):
        task.request.afterwards.append(partial(follow_up, event, report))
        return report
    if rollout.is_open(event):
        return rollout.carry_on(task, event)
    target = Target(tenant.database_id, tenant.schema_name, Scope.TENANT, tenant.id)
    with desk.store().begin() as connection:
        fresh = registry.add_tenant(connection, tenant)
        if not payload.auto_migrate:
            return _registered(connection, event, tenant, fresh)
    folders = {Scope.TENANT: desk.folder(Scope.TENANT)}
    refuse_unmet([target], [target], NOTHING_ASKED, folders, to)
    with desk.store().begin() as connection:
        rollout.open_execution(
            connection, event, make_plan(by_scope([target])), folders, requested_by=f"tenant {tenant.id}", to=to
        )
    return rollout.carry_on(task, event)


@event_task(EventType.TENANT_UPDATED)
def tenant_updated(task: EventTask, event: Event, payload: TenantUpdated) -> Report:
    """A customer was renamed or lives elsewhere now: bring the registry up to date, move nothing."""
    changes = payload.changes | {"slug": payload.tenant_slug}
    with desk.store().begin() as connection:
        changed = registry.change_tenant(connection, payload.tenant_id, changes)
        said = "was changed" if changed else "was so already"
        return settle(connection, event, f"tenant {payload.tenant_id} {said}", changed=int(changed))


@event_task(EventType.TENANT_DELETED)
def tenant_deleted(task: EventTask, event: Event, payload: TenantDeleted) -> Report:
    """A customer left: retire the tenant in the registry; its schema stays as it is."""
    with desk.store().begin() as connection:
        changed = registry.retire_tenant(connection, payload.tenant_id)
        said = "is retired, its schema was not dropped" if changed else "was retired before"
        return settle(connection, event, f"tenant {payload.tenant_id} {said}", changed=int(changed))


def _fill_up(database_id: str) -> None:
    """A spare may have been used up."""
    with desk.store().begin() as connection:
        database = registry.find_database(connection, database_id)
    if wanted_spares(database):
        ask_for_spares(database_id)


def _registered(connection: Connection, event: Event, tenant: Tenant, fresh: bool) -> Report:
    said = "is registered" if fresh else "was registered before"
    return settle(connection, event, f"tenant {tenant.id} {said}, its schema was not touched", changed=int(fresh))
