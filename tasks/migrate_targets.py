"""From registered targets to an execution: survey, plan, ledger, and off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from migrator.fleet import refusals, registry
from migrator.fleet.refusals import Refusal
from migrator.model.event import Event
from migrator.model.folder import Folder
from migrator.model.plan import Plan, make_plan
from migrator.model.rollout import Rollout
from migrator.model.target import Scope, Target
from migrator.model.version import Version
from tasks import checking, desk
from tasks.event_task import EventTask, Report
from tasks.forecast import forecast
from tasks.rollout import carry_on, open_execution
from tasks.sizes import sizes_for
from tasks.staging import staged
from tasks.survey import folders_for


def migrate_targets(
    task: EventTask,
    event: Event,
    targets: Sequence[Target],
    *,
    requested_by: str,
    to: Version | None = None,
    rollout: Rollout | None = None,
    if_busy: str = "wait",
    **more: Any,
) -> Report:
    """Plan and open an execution over targets, unless the event has one, and carry it on.

    ``more`` as for ``open_execution``.
    """
    folders = folders_for(targets)
    planned = plan_for(targets, folders, to, rollout)
    with desk.store().begin() as connection:
        opened = open_execution(
            connection,
            event,
            planned.plan,
            folders,
            requested_by=requested_by,
            to=to,
            rollout=rollout,
            if_busy=if_busy,
            **more,
        )
        if opened and planned.refused:
            refusals.refuse(connection, event.id, planned.refused)
    return carry_on(task, event)


@dataclass(frozen=True)
class Planned:
    """A plan, and the targets that the check before it refuses, if it was asked for."""

    plan: Plan
    refused: tuple[Refusal, ...] = ()


def plan_for(
    targets: Sequence[Target],
    folders: Mapping[Scope, Folder],
    to: Version | None,
    rollout: Rollout | None = None,
) -> Planned:
    """The plan over those targets that are behind; the others are only counted.

    Raises a FolderError or DependencyUnmet when what migrations depend on cannot be there before.
    """
    with desk.store().begin() as connection:
        databases = {database.id: database for database in registry.databases(connection)}
    found = staged(targets, databases, folders, to)
    checked = checking.refusals(forecast(found, databases, folders), databases) if rollout and rollout.check else []
    out = {refusal.target for refusal in checked}
    stages = [(stage, [target for target in late if target not in out]) for stage, late in found.stages]
    sizes = sizes_for(rollout, [target for _, late in stages for target in late], databases)
    return Planned(make_plan(stages, rollout, current=found.current, sizes=sizes), tuple(checked))
