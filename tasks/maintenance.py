"""Maintenance: work that waits in the ledger for its time and is done inside a window."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import structlog
from celery.exceptions import Ignore

from migrator.fleet import events
from migrator.model.event import Event, EventType
from migrator.model.execution import Work
from migrator.model.payload import MaintenanceScheduled
from migrator.model.plan import by_scope, make_plan
from tasks import desk, rollout
from tasks.event_task import EventTask, Report, event_task
from tasks.migrate_targets import migrate_targets
from tasks.survey import folders_for
from tasks.wanted import wanted_targets

log = structlog.get_logger("migrator.maintenance")


@event_task(EventType.MAINTENANCE_SCHEDULED)
def maintenance_scheduled(task: EventTask, event: Event, payload: MaintenanceScheduled) -> Report:
    """Do work inside a window; what does not fit is done in the next one.

    It is planned when the window opens, because the fleet may change until then. A window that is over when the event
    comes is not missed: the next one is taken.
    """
    if rollout.is_open(event):
        return rollout.carry_on(task, event)
    window = payload.window.after(now := datetime.now(UTC), payload.every)
    if now < window.opens:
        wait_until(event, window.opens)
        raise Ignore
    more = {
        "work": payload.work,
        "window": window,
        "more": {"window_seconds": payload.length.total_seconds(), "window_every": payload.every.total_seconds()},
    }
    return _begin(task, event, payload, more)


def wait_until(event: Event, moment: datetime) -> None:
    """Put an event back into the ledger, from where upkeep takes it when its time has come."""
    with desk.store().begin() as connection:
        events.postpone(connection, event.id, moment)
    log.info("event waits for its time", event_id=event.id, until=moment.isoformat())


def _begin(task: EventTask, event: Event, payload: MaintenanceScheduled, more: dict[str, Any]) -> Report:
    targets, _ = wanted_targets("all", payload.target_databases or None, payload.target_schemas or None)
    wishes, requested_by = payload.rollout(), f"maintenance {payload.maintenance_id}"
    if payload.work is Work.MIGRATE:
        return migrate_targets(task, event, targets, requested_by=requested_by, rollout=wishes, **more)
    folders = folders_for(targets) if payload.work.needs_folder else {}
    plan = make_plan(by_scope(targets), wishes)
    with desk.store().begin() as connection:
        rollout.open_execution(connection, event, plan, folders, requested_by=requested_by, rollout=wishes, **more)
    return rollout.carry_on(task, event)
