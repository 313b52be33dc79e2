"""What operators and applications ask for: migrations."""

from __future__ import annotations

from collections import Counter

from migrator.model.event import Event, EventType
from migrator.model.payload import MigrationRequested
from tasks import desk, rollout
from tasks.event_task import EventTask, Report, event_task, settle
from tasks.migrate_targets import Planned, migrate_targets, plan_for
from tasks.survey import folders_for
from tasks.wanted import wanted_targets


@event_task(EventType.MIGRATION_REQUESTED)
def migration_requested(task: EventTask, event: Event, payload: MigrationRequested) -> Report:
    """Bring targets to the newest version, or to a given one: those that are behind, fanned out in waves."""
    if rollout.is_open(event):
        return rollout.carry_on(task, event)
    targets, _ = wanted_targets(
        payload.scope,
        payload.target_databases,
        payload.target_schemas,
        payload.target_tenants,
        payload.target_labels,
    )
    wishes = payload.rollout(force=payload.force_execution)
    to = desk.known_version(payload.scope, payload.to_version)
    if payload.dry_run:
        return _say_plan(event, plan_for(targets, folders_for(targets), to, wishes))
    return migrate_targets(
        task,
        event,
        targets,
        requested_by=payload.requested_by,
        to=to,
        rollout=wishes,
        if_busy=payload.if_busy,
    )


def _say_plan(event: Event, planned: Planned) -> Report:
    """The report of a dry run: what would be done where, nothing was."""
    plan, refused = planned.plan, planned.refused
    behind = Counter(each.target.database_id for each in plan.targets)
    said = f"dry run: {len(plan.targets)} targets are behind, {plan.current} are current; nothing was changed"
    said += f"; {len(refused)} would be refused, first: {refused[0].reason}" if refused else ""
    facts = {"total": len(plan.targets), "skipped": plan.current, "databases": dict(behind)}
    targets = [str(each.target) for each in plan.targets[:100]]
    with desk.store().begin() as connection:
        return settle(connection, event, said, **facts, targets=targets)
