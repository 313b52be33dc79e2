"""From a plan to its report: open an execution, send its waves out, finish it.

The ledger decides, never a message: whatever calls ``drive`` - the event's own task, a wave's chord body, upkeep
- reads the ledger and does the execution's next thing, and doing it twice does no harm.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

import structlog
from celery import chord
from celery.exceptions import Ignore
from sqlalchemy import Connection, Row

from migrator.errors import BreakerOpen, ExecutionFailed, MigratorError, TargetsBusy, TransientError
from migrator.fleet import claims, events, ledger, registry, steering, waves
from migrator.fleet.claims import Claimer
from migrator.fleet.ledger import Request
from migrator.model.event import Event, EventType
from migrator.model.execution import ExecutionState, Standing, Step, Work, next_step
from migrator.model.folder import Folder
from migrator.model.plan import Plan, lanes_for
from migrator.model.rollout import OnHalt, Rollout
from migrator.model.target import Scope
from migrator.model.version import Version
from migrator.model.window import Window
from migrator.watch.report import execution_report
from tasks import desk, mirror, spares, tracing
from tasks.app import app
from tasks.breaker import countdown
from tasks.broker_repairs import BROKER_ERRORS
from tasks.drifting import MOST_NAMED, drifted
from tasks.event_task import EventTask, Report
from tasks.lane import BUSY_PAUSE, claimer_for, give_up, lane
from tasks.notice import notice
from tasks.shift import NoSlot, work_shift
from tasks.snapshotting import clear_away

log = structlog.get_logger("migrator.rollout")


def open_execution(
    connection: Connection,
    event: Event,
    plan: Plan,
    folders: Mapping[Scope, Folder],
    *,
    requested_by: str,
    to: Version | None = None,
    rollout: Rollout | None = None,
    if_busy: str = "wait",
    **more: Any,
) -> bool:
    """Write the execution of an event to the ledger; nothing happens, and False is said, when it is there already.

    ``more`` is what else a Request says: the kind of work, a window. Raises TargetsBusy, where ``if_busy`` says
    so, when an earlier execution has some of the targets.
    """
    digests = {scope.value: folder.digest for scope, folder in folders.items()}
    request = Request(requested_by, digests, to, rollout or Rollout(), **more)
    opened = ledger.open_execution(connection, event.id, plan, request)
    if opened and if_busy == "refuse" and (row := ledger.execution(connection, event.id)).waits_for:
        raise TargetsBusy(execution=row.waits_for)
    if opened and request.rollout.force:
        steering.note(connection, event.id, "force", requested_by, "failure budget and preflight are overridden")
    return opened


def carry_on(task: EventTask, event: Event) -> Report:
    """Drive an execution that is open; a single target is migrated here and now, without a fan-out."""
    with desk.store().begin() as connection:
        standing = ledger.glance(connection, event.id)
        row = ledger.execution(connection, event.id)
        single = row.total == 1 and standing.state is ExecutionState.RUNNING and not standing.held
        if single:
            waves.note_sent(connection, event.id, row.wave + 1 if row.wave < row.waves else row.wave)
            target = ledger.outcomes(connection, event.id, 1)[0]
    if single:
        _work_here(task, claimer_for(task, event.id, target.database_id, target.wave))
    return drive(task, event)


def _work_here(task: EventTask, claimer: Claimer) -> None:
    """Migrate the single target in this process; what may pass is left to the task's own retries.

    Waiting for a slot, for an open breaker, or for somebody else who is at work in the schema, is no retry.
    """
    try:
        if not work_shift(claimer, math.inf, single=True):
            task.come_again(BUSY_PAUSE)
    except NoSlot:
        task.come_again(BUSY_PAUSE)
    except BreakerOpen as shut:
        if not shut.is_hopeless:
            _wait_for(task, claimer, shut)
        give_up(claimer, shut)
    except TransientError as error:
        if task.may_retry:
            raise
        give_up(claimer, error)
    except MigratorError as error:
        give_up(claimer, error)


def _wait_for(task: EventTask, claimer: Claimer, shut: BreakerOpen) -> NoReturn:
    """Come again later, and tell upkeep that nobody was lost."""
    with desk.store().begin() as connection:
        waves.note_driven(connection, claimer.execution_id)
    task.come_again(countdown(shut))


def drive(task: EventTask, event: Event) -> Report:
    """Do the execution's next thing. Returns its report when it is over, raises Ignore while it is not.

    Ignore leaves the event's result open: a later run of the same task, under the same id, will give it.
    """
    with desk.store().begin() as connection:
        standing = ledger.standing(connection, event.id)
        step = next_step(standing, desk.settings().lease)
        over = step in (Step.FINISH, Step.HALT)
        report = _end(connection, event, standing, step) if over else {}
        free = {} if over else _take(connection, event.id, standing, step)
    if over:
        follow_up(event, report)
        if report["state"] != ExecutionState.COMPLETED:
            notice()
        return _answered(report)
    log.info("execution goes on", execution=event.id, step=step.value, databases=len(free))
    if free:
        _publish(task, event, free, standing.wave + (step is Step.SEND_WAVE))
    mirror.show(event.id)
    raise Ignore


def finished(connection: Connection, event: Event) -> Report | None:
    """Close an execution in the transaction of its last outcome; its report, None when something is left to do."""
    standing = ledger.glance(connection, event.id)
    step = next_step(standing, desk.settings().lease)
    return _end(connection, event, standing, step) if step is Step.FINISH else None


def _take(connection: Connection, execution_id: str, standing: Standing, step: Step) -> dict[str, int]:
    """Note a step in the ledger; returns how many free targets there are to send lanes for, by database."""
    if step is Step.SEND_WAVE:
        waves.note_sent(connection, execution_id, standing.wave + 1)
        return waves.free_targets(connection, execution_id, standing.wave + 1)
    if step is Step.SEND_AGAIN:
        return _sent_again(connection, execution_id, standing)
    if step is Step.REPLACE:
        lost = waves.lost_lanes(connection, execution_id)
        waves.note_driven(connection, execution_id)
        return lost
    if step is Step.SOAK:
        waves.soak(connection, execution_id)
    if step is Step.ROLL_OVER:
        _roll_over(connection, execution_id)
    return {}


def _sent_again(connection: Connection, execution_id: str, standing: Standing) -> dict[str, int]:
    """The free targets whose lanes seem lost; those that wait outside the workers say so and are not."""
    is_running = standing.state is ExecutionState.RUNNING
    waiting = waves.waiting_databases(connection, execution_id, standing.wave) if is_running else set()
    free = waves.free_targets(connection, execution_id, standing.wave)
    lost = {database: count for database, count in free.items() if database not in waiting}
    if lost or not free:
        waves.note_sent_again(connection, execution_id)
    else:
        waves.note_driven(connection, execution_id)
    return lost


def _roll_over(connection: Connection, execution_id: str) -> None:
    row = ledger.execution(connection, execution_id)
    length, every = (timedelta(seconds=row.options[name]) for name in ("window_seconds", "window_every"))
    window = Window(row.window_closes - length, row.window_closes).after(datetime.now(UTC), every)
    waves.roll_over(connection, execution_id, window)
    steering.note(connection, execution_id, "roll_over", "upkeep", f"the window closed, next one {window.opens}")


def _publish(task: EventTask, event: Event, free: Mapping[str, int], wave: int) -> None:
    """One chord per wave, never a chain of chords: each message would carry all waves that follow."""
    queue = event.priority.value
    with desk.store().begin() as connection:
        row = ledger.execution(connection, event.id)
        budgets = {database.id: desk.budget(database).bulk for database in registry.databases(connection)}
    most = row.options.get("lanes") or math.inf
    header = [
        lane.si(event.id, database_id, wave).set(queue=queue, argsrepr=f"{database_id}, wave {wave} of {event.id}")
        for database_id, count in lanes_for(free, budgets).items()
        for _ in range(int(min(count, most)))
    ]
    try:
        chord(header, task.si().set(queue=queue)).apply_async(task_id=event.id)
    except BROKER_ERRORS as error:
        log.warning("wave could not be sent, upkeep will", execution=event.id, reason=str(error))


def _end(connection: Connection, event: Event, standing: Standing, step: Step) -> Report:
    """Close execution and event together; returns the report."""
    claims.let_go(connection, event.id)
    row = ledger.execution(connection, event.id)
    looked = row.kind == Work.DRIFT
    odd = drifted(connection, event.id) if looked else []
    if not standing.state.is_end:
        state, reason = _end_state(standing, step, len(odd))
        ledger.move(connection, event.id, state, reason)
        row = ledger.execution(connection, event.id)
    state = ExecutionState(row.state)
    report = execution_report(connection, event.id, state.value) | {"over_budget": standing.is_over_budget}
    report |= {"drifted": odd[:MOST_NAMED]} if looked else {}
    tell_end(event.id, report)
    if state is ExecutionState.COMPLETED and (taken_back := _taken_back(row)):
        ledger.move(connection, taken_back, ExecutionState.ROLLED_BACK, f"rolled back by {event.id}")
    if state is ExecutionState.COMPLETED:
        events.complete(connection, event.id, report)
    else:
        events.fail(connection, event.id, event.type, report["summary"], report=report)
    return report


def tell_end(execution_id: str, report: Report) -> None:
    """One line in the log."""
    say = log.error if report["state"] == ExecutionState.HALTED else log.info
    say("execution ended", execution=execution_id, state=report["state"], summary=report["summary"])


def _taken_back(row: Row[Any]) -> str | None:
    """The execution that this one took back altogether; None when it took back only a part, or is no rollback."""
    return row.takes_back if row.to_version is None else None


def follow_up(event: Event, report: Report) -> None:
    """What an end sets off: the executions that waited for it, and, where it halted, the rollback that was asked for.

    The store of snapshots is tidied up after those that maintenance took. Each has an id of its own, so twice is once.
    """
    if event.type is not EventType.TENANT_CREATED and report["kind"] == Work.MIGRATE:
        spares.follow(event.id)
    with desk.store().begin() as connection:
        waiting = ledger.waiting_for(connection, event.id)
        kind = ledger.execution(connection, event.id).kind
    if kind == Work.SNAPSHOT:
        clear_away()
    for row in waiting:
        _send_event(row.id, EventType(row.type), row.priority)
    broken = report["state"] == ExecutionState.HALTED or report["over_budget"]
    if not broken or report["options"].get("on_halt") != OnHalt.ROLLBACK:
        return
    payload = {"execution_id": event.id, "requested_by": f"execution {event.id}, too much of which failed"}
    type_ = EventType.ROLLBACK_REQUESTED
    _send_event(f"{event.id}:rollback", type_, type_.priority.value, payload)


def _send_event(event_id: str, type_: EventType, queue: str, payload: dict[str, Any] | None = None) -> None:
    """Publish an event; one that is stored goes on where it stands."""
    try:
        with tracing.resumed(event_id):
            app.send_task(type_.task_name, kwargs=payload or {}, task_id=event_id, queue=queue)
    except BROKER_ERRORS as error:
        log.warning("event could not be sent", event_id=event_id, type=type_.value, reason=str(error))


def _answered(report: Report) -> Report:
    """The report as the task's result, or raised as ExecutionFailed when not every target is done."""
    if report["state"] != ExecutionState.COMPLETED:
        raise ExecutionFailed(report["summary"], report)
    return report


def _end_state(standing: Standing, step: Step, odd: int) -> tuple[ExecutionState, str | None]:
    if step is not Step.HALT:
        reason = f"{odd} targets are not as most of their peers are" if odd else None
        return (ExecutionState.FAILED if standing.failed or odd else ExecutionState.COMPLETED), reason
    if standing.is_over_budget:
        return ExecutionState.HALTED, f"more targets failed than may, {standing.failed} by wave {standing.wave}"
    left = standing.waves - standing.wave
    return ExecutionState.HALTED, f"targets failed in wave {standing.wave}, {left} later waves depend on them"


def is_open(event: Event) -> bool:
    """Whether the event has its execution already, and planning is over."""
    with desk.store().begin() as connection:
        return ledger.has_execution(connection, event.id)
