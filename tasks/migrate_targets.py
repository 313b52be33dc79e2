"""From registered targets to an execution: survey, plan, ledger, and off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from migrator.fleet import registry
from migrator.model.event import Event
from migrator.model.folder import Folder
from migrator.model.plan import Plan, make_plan
from migrator.model.target import Scope, Target
from migrator.model.version import Version
from tasks import desk, rollout
from tasks.event_task import EventTask, Report
from tasks.survey import behind, folders_for


def migrate_targets(
    task: EventTask, event: Event, targets: Sequence[Target], *, requested_by: str, to: Version | None = None
) -> Report:
    """Plan and open an execution over targets, unless the event has one, and carry it on."""
    folders = folders_for(targets)
    plan = plan_for(targets, folders, to)
    with desk.store().begin() as connection:
        rollout.open_execution(connection, event, plan, folders, requested_by=requested_by, to=to)
    return rollout.carry_on(task, event)


def plan_for(targets: Sequence[Target], folders: Mapping[Scope, Folder], to: Version | None) -> Plan:
    """The plan over those targets that are behind; the others are only counted."""
    with desk.store().begin() as connection:
        databases = {database.id: database for database in registry.databases(connection)}
    late = behind(targets, databases, folders, to)
    return make_plan(late, current=len(targets) - len(late))
