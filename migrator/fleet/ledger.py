"""The ledger: executions and what became of each of their targets. It is the truth; everything else mirrors it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row

from migrator.errors import UnknownExecution
from migrator.fleet import waves
from migrator.fleet.store import first, rows, run
from migrator.model.execution import ExecutionState, Work, sources
from migrator.model.next_step import Standing
from migrator.model.plan import Plan
from migrator.model.rollout import Rollout
from migrator.model.stage import Stage
from migrator.model.target import Scope
from migrator.model.version import Version
from migrator.model.window import Window


@dataclass(frozen=True)
class Request:
    """What an execution is opened for, beside its plan."""

    requested_by: str
    folders: Mapping[str, str]
    """The digest of each folder the plan was made with, by scope."""
    to_version: Version | None = None
    rollout: Rollout = field(default_factory=Rollout)
    work: Work = Work.MIGRATE
    takes_back: str | None = None
    """The execution that is rolled back."""
    window: Window | None = None
    more: Mapping[str, Any] = field(default_factory=dict)
    """Options of a kind of work, plain values."""


def open_execution(connection: Connection, execution_id: str, plan: Plan, request: Request) -> bool:
    """Write an execution and its targets; False when the execution is there already, then nothing is written.

    It waits where an earlier execution has some of its targets, or for its window.
    """
    opened = first(connection, "open_execution", **execution_row(execution_id, plan, request))
    if opened and plan.targets:
        run(connection, "add_outcomes", **outcome_rows(execution_id, plan))
        waves.add(connection, execution_id, plan.waves)
        wait_if_blocked(connection, execution_id)
    return opened is not None


def execution_row(execution_id: str, plan: Plan, request: Request) -> dict[str, Any]:
    """What ``open_execution`` writes."""
    window = request.window
    return {
        "id": execution_id,
        "kind": request.work.value,
        "state": (ExecutionState.PLANNED if window else ExecutionState.RUNNING).value,
        "requested_by": request.requested_by,
        "to_version": str(request.to_version) if request.to_version else None,
        "folders": json.dumps(dict(request.folders)),
        "options": json.dumps({**request.rollout.as_options(), **request.more}),
        "stages": json.dumps([_stage_row(stage) for stage in plan.stages]),
        "takes_back": request.takes_back,
        "waves": len(plan.waves),
        "total": plan.total,
        "skipped": plan.current,
        "most_failures": request.rollout.most_failures(plan.total),
        "due_at": window.opens if window else None,
        "window_closes": window.closes if window else None,
    }


def _stage_row(stage: Stage) -> dict[str, Any]:
    return {"number": stage.number, "scope": stage.scope.value, "to": str(stage.to) if stage.to else None}


def stages(row: Row[Any]) -> dict[int, Stage]:
    """The stages of an execution's row, by number."""
    found = (Stage(s["number"], Scope(s["scope"]), Version(s["to"]) if s["to"] else None) for s in row.stages)
    return {stage.number: stage for stage in found}


def outcome_rows(execution_id: str, plan: Plan) -> dict[str, Any]:
    """What ``add_outcomes`` writes."""
    targets = [planned.target for planned in plan.targets]
    return {
        "execution_id": execution_id,
        "databases": [target.database_id for target in targets],
        "schemas": [target.schema_name for target in targets],
        "tenants": [target.tenant_id for target in targets],
        "scopes": [target.scope.value for target in targets],
        "waves": [planned.wave for planned in plan.targets],
        "stages": [planned.stage for planned in plan.targets],
        "positions": [planned.position for planned in plan.targets],
    }


def wait_if_blocked(connection: Connection, execution_id: str) -> str | None:
    """The earlier execution that has some of this one's targets, noted as what it waits for; None for none."""
    found = first(connection, "blocker", id=execution_id)
    if found is not None:
        run(connection, "wait_for", id=execution_id, blocker=found.id)
    return found.id if found is not None else None


def execution(connection: Connection, execution_id: str) -> Row[Any]:
    """An execution's row, its event's type and status, and ``seconds`` since that came in. Raises UnknownExecution."""
    found = first(connection, "execution", id=execution_id)
    if found is None:
        raise UnknownExecution(execution=execution_id)
    return found


def has_execution(connection: Connection, execution_id: str) -> bool:
    """Whether the ledger has this execution."""
    return first(connection, "execution", id=execution_id) is not None


def executions(connection: Connection, most: int = 20) -> Sequence[Row[Any]]:
    """Executions with the type of their event, newest first."""
    return rows(connection, "executions", most=most)


def lock(connection: Connection, execution_id: str) -> Row[Any]:
    """An execution's row, locked until the transaction ends. Raises UnknownExecution."""
    if first(connection, "lock_execution", id=execution_id) is None:
        raise UnknownExecution(execution=execution_id)
    return execution(connection, execution_id)


def standing(connection: Connection, execution_id: str) -> Standing:
    """An execution counted, its row locked until the transaction ends. Raises UnknownExecution.

    One that is about to begin looks for others once more: two opened at the same time saw nothing of each other.
    """
    row = lock(connection, execution_id)
    begins = row.state == ExecutionState.RUNNING and row.wave == 0
    waits = row.state in (ExecutionState.PENDING, ExecutionState.PLANNED)
    blocked = (begins or waits) and wait_if_blocked(connection, execution_id) is not None
    return glance(connection, execution_id, is_blocked=blocked)


def glance(connection: Connection, execution_id: str, *, is_blocked: bool = False) -> Standing:
    """An execution counted, without a lock."""
    row = first(connection, "standing", id=execution_id)
    if row is None:
        raise UnknownExecution(execution=execution_id)
    return Standing(
        state=ExecutionState(row.state),
        wave=row.wave,
        waves=row.waves,
        pending=row.pending,
        held=row.held,
        lost=row.lost,
        failed=row.failed,
        quiet_seconds=float(row.quiet_seconds),
        drives=row.drives,
        is_over_budget=row.is_over_budget,
        stage_ends=row.stage_ends,
        stage_failed=int(row.stage_failed),
        is_forced=row.is_forced,
        soaks=row.soaks,
        due_in=float(row.due_in),
        is_closed=row.is_closed,
        is_blocked=is_blocked,
    )


def move(connection: Connection, execution_id: str, state: ExecutionState, reason: str | None = None) -> bool:
    """Take one legal step; False, and nothing happens, when there is none from where the execution stands."""
    moved = run(
        connection,
        "move",
        id=execution_id,
        state=state.value,
        reason=reason,
        is_end=state.is_end,
        sources=sources(state),
    )
    return bool(moved)


def outcomes(connection: Connection, execution_id: str, most: int = 1000) -> Sequence[Row[Any]]:
    """What became of the targets, in the order of waves."""
    return rows(connection, "outcomes", id=execution_id, most=most)


def failures(connection: Connection, execution_id: str, most: int = 100) -> Sequence[Row[Any]]:
    """The targets that failed."""
    return rows(connection, "failures", id=execution_id, most=most)


def failure_groups(connection: Connection, execution_id: str, most: int = 20) -> Sequence[Row[Any]]:
    """The failures by what they have in common, the most frequent first."""
    return rows(connection, "failure_groups", id=execution_id, most=most)


def summed(connection: Connection, execution_id: str) -> Row[Any]:
    """Targets done, failed, running and changed, and migrations applied, counted from the outcomes."""
    found = first(connection, "summed", id=execution_id)
    if found is None:
        raise UnknownExecution(execution=execution_id)
    return found


def fingerprints(connection: Connection, execution_id: str) -> Sequence[Row[Any]]:
    """Scope, version, fingerprint afterwards and note of every target that has one."""
    return rows(connection, "fingerprints", id=execution_id)


def waiting_for(connection: Connection, execution_id: str) -> Sequence[Row[Any]]:
    """Executions (id; type and priority of their event) that wait for this one."""
    return rows(connection, "waiting_for", id=execution_id)


def open_executions(connection: Connection, rest: float) -> Sequence[Row[Any]]:
    """Executions (id; type, priority and status of their event) that are not over and were not nudged for ``rest``
    seconds.
    """
    return rows(connection, "open_executions", rest=rest)


def nudge(connection: Connection, execution_id: str) -> None:
    """The execution's event is being sent again; leave it alone for a while."""
    run(connection, "nudge", id=execution_id)
