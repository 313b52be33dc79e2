"""What operators and applications ask for: migrations, rollbacks, maintenance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from migrator.errors import NotSupportedYet, UnknownTargets
from migrator.fleet import registry
from migrator.model.event import Event, EventType
from migrator.model.payload import MaintenanceScheduled, MigrationRequested, RollbackRequested
from migrator.model.plan import Plan
from migrator.model.target import Scope, Target
from tasks import desk, rollout
from tasks.event_task import EventTask, Report, event_task, settle
from tasks.migrate_targets import migrate_targets, plan_for
from tasks.survey import folders_for


@event_task(EventType.MIGRATION_REQUESTED)
def migration_requested(task: EventTask, event: Event, payload: MigrationRequested) -> Report:
    """Bring targets to the newest version, or to a given one: those that are behind, fanned out in waves."""
    if rollout.is_open(event):
        return rollout.carry_on(task, event)
    targets = _wanted(payload)
    to = desk.known_version(payload.scope, payload.to_version)
    if payload.dry_run:
        return _say_plan(event, plan_for(targets, folders_for(targets), to))
    return migrate_targets(task, event, targets, requested_by=payload.requested_by, to=to)


@event_task(EventType.ROLLBACK_REQUESTED)
def rollback_requested(task: EventTask, event: Event, payload: RollbackRequested) -> Report:
    """Take back what one execution changed."""
    raise NotSupportedYet(what="rolling back an execution")


@event_task(EventType.MAINTENANCE_SCHEDULED)
def maintenance_scheduled(task: EventTask, event: Event, payload: MaintenanceScheduled) -> Report:
    """Do work inside a window."""
    raise NotSupportedYet(what="scheduled maintenance")


def _wanted(payload: MigrationRequested) -> list[Target]:
    """The registered targets that are meant. Raises UnknownTargets when a name leads to none."""
    scopes = list(Scope) if payload.scope == "all" else [payload.scope]
    with desk.store().begin() as connection:
        found = registry.targets(
            connection,
            scopes,
            own_schema=desk.settings().own_schema,
            databases=payload.target_databases,
            schemas=payload.target_schemas,
            tenants=payload.target_tenants,
        )
        known = {database.id for database in registry.databases(connection)}
    _refuse_unknown("database", payload.target_databases, known)
    _refuse_unknown("schema", payload.target_schemas, {target.schema_name for target in found})
    _refuse_unknown("tenant", payload.target_tenants, {target.tenant_id or "" for target in found})
    return found


def _refuse_unknown(kind: str, wanted: Sequence[str] | None, known: set[str]) -> None:
    unknown = [name for name in wanted or () if name not in known]
    if unknown:
        more = f" and {len(unknown) - 10} more" if len(unknown) > 10 else ""
        raise UnknownTargets(kind=kind, names=", ".join(unknown[:10]) + more)


def _say_plan(event: Event, plan: Plan) -> Report:
    """The report of a dry run: what would be done where, nothing was."""
    behind = Counter(planned.target.database_id for planned in plan.targets)
    said = f"dry run: {len(plan.targets)} targets are behind, {plan.current} are current; nothing was changed"
    facts = {"total": len(plan.targets), "skipped": plan.current, "databases": dict(behind)}
    targets = [str(planned.target) for planned in plan.targets[:100]]
    with desk.store().begin() as connection:
        return settle(connection, event, said, **facts, targets=targets)
