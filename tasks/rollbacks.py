"""Rollbacks that are asked for: what one execution changed is taken back, in exactly those targets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from migrator.errors import IllegalStep, TooLate, UnknownVersion
from migrator.fleet import ledger, refusals, registry, rollbacks, steering
from migrator.fleet.refusals import Refusal
from migrator.fleet.rollbacks import Changed
from migrator.model.event import Event, EventType
from migrator.model.execution import ExecutionState, Work
from migrator.model.payload import RollbackRequested
from migrator.model.plan import make_plan
from migrator.model.rollout import Rollout
from migrator.model.stage import Stage
from migrator.model.target import Scope
from migrator.model.version import Version
from tasks import desk, rollout
from tasks.event_task import EventTask, Report, event_task, settle
from tasks.rollback_plan import Eligible, Refused, RollbackPlan, plan_rollback
from tasks.survey import survey

MOST_TOLD = 100


@event_task(EventType.ROLLBACK_REQUESTED)
def rollback_requested(task: EventTask, event: Event, payload: RollbackRequested) -> Report:
    """Take back what one execution changed, in reverse order, and prove it by fingerprints."""
    if rollout.is_open(event):
        return rollout.carry_on(task, event)
    with desk.store().begin() as connection:
        row = ledger.execution(connection, payload.execution_id)
        if row.state == ExecutionState.ROLLED_BACK:
            said = f"execution {row.id} was rolled back before; nothing was done now"
            return settle(connection, event, said, takes_back=row.id)
    _check(row, payload)
    plan = _plan(row, payload)
    if payload.dry_run:
        return _say_plan(event, row, plan)
    _open(event, payload, row, plan)
    return rollout.carry_on(task, event)


def _check(row: Row[Any], payload: RollbackRequested) -> None:
    """Raise for an execution that cannot be taken back, or not any more."""
    if row.kind != Work.MIGRATE or row.finished_at is None:
        state = ExecutionState(row.state).spoken if row.kind == Work.MIGRATE else f"of the kind {row.kind}"
        raise IllegalStep(execution=row.id, state=state, doing="rolled back")
    limit = desk.settings().rollback_age_hours
    if row.age_seconds > limit * 3600 and not payload.force_execution:
        raise TooLate(execution=row.id, hours=round(row.age_seconds / 3600), limit=f"{limit:g}")
    if payload.target_version:
        _check_version(row, Version(payload.target_version))


def _check_version(row: Row[Any], to: Version) -> None:
    """A version has a meaning for one scope only."""
    folders = [desk.folder(Scope(scope)) for scope in row.folders]
    if len(folders) != 1 or folders[0].find(to) is None:
        path = folders[0].path if len(folders) == 1 else "one folder alone: the execution had several scopes"
        raise UnknownVersion(version=to, path=path, latest=folders[0].latest if folders else None)


def _plan(row: Row[Any], payload: RollbackRequested) -> RollbackPlan:
    with desk.store().begin() as connection:
        changed = rollbacks.changed(connection, row.id)
        earlier = [found.id for found in rollbacks.rollbacks(connection, row.id)]
        databases = {database.id: database for database in registry.databases(connection)}
    known = [each.target for each in changed if each.target.database_id in databases]
    return plan_rollback(row.id, payload.strategy, changed, survey(known, databases), earlier)


def _open(event: Event, payload: RollbackRequested, row: Row[Any], plan: RollbackPlan) -> None:
    """Stages in reverse order; targets that cannot be taken back are written down with the reason and not touched."""
    eligible = [each.changed for each in plan.eligible]
    stages = sorted({changed.stage for changed in eligible}, reverse=True)
    staged = [(_stage(row, number), [c.target for c in eligible if c.stage == number]) for number in stages]
    wishes = Rollout(
        canary=payload.canary,
        wave_size=payload.wave_size,
        max_failures=payload.max_failures,
        force=payload.force_execution,
        fingerprints=False,
    )
    folders = {Scope(scope): desk.folder(Scope(scope)) for scope in row.folders}
    with desk.store().begin() as connection:
        rollout.open_execution(
            connection,
            event,
            make_plan(staged, wishes, current=plan.untouched),
            folders,
            requested_by=payload.requested_by,
            to=Version(payload.target_version) if payload.target_version else None,
            rollout=wishes,
            work=Work.ROLLBACK,
            takes_back=row.id,
            more={"strategy": payload.strategy},
        )
        if plan.refused:
            refused = [Refusal(each.changed.target, each.changed.stage, each.reason) for each in plan.refused]
            refusals.refuse(connection, event.id, refused)
        steering.note(connection, row.id, "rollback", payload.requested_by, event.id)


def _stage(row: Row[Any], number: int) -> Stage:
    planned = ledger.stages(row).get(number)
    return planned or Stage(number, Scope.TENANT)


def _say_plan(event: Event, row: Row[Any], plan: RollbackPlan) -> Report:
    """The report of a dry run: per target what would be done."""
    said = (
        f"dry run: {len(plan.eligible)} targets would be taken back, {len(plan.refused)} would be refused, "
        f"{plan.untouched} are as they were already; nothing was changed"
    )
    facts = {"takes_back": row.id, "total": len(plan.eligible), "failed": len(plan.refused), "skipped": plan.untouched}
    with desk.store().begin() as connection:
        return settle(connection, event, said, **facts, targets=_told(plan.eligible), refused=_told(plan.refused))


def _told(judged: Sequence[Eligible | Refused]) -> list[dict[str, Any]]:
    return [_facts(each.changed) | _verdict(each) for each in judged[:MOST_TOLD]]


def _facts(changed: Changed) -> dict[str, Any]:
    target = changed.target
    return {"database": target.database_id, "schema": target.schema_name, "tenant": target.tenant_id}


def _verdict(each: Eligible | Refused) -> dict[str, Any]:
    if isinstance(each, Refused):
        return {"reason": each.reason}
    return {"way": each.way, "scripts": list(each.scripts)}
