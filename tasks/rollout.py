"""From a plan to its report: open an execution, send its waves out, finish it.

The ledger decides, never a message: whatever calls ``drive`` - the event's own task, a wave's chord body, upkeep
- reads the ledger and does the execution's next thing, and doing it twice does no harm.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import structlog
from celery import chord
from celery.exceptions import Ignore
from sqlalchemy import Connection

from migrator.errors import ExecutionFailed, MigratorError, TransientError
from migrator.fleet import events, ledger, registry
from migrator.fleet.ledger import Claimer
from migrator.model.event import Event
from migrator.model.execution import ExecutionState, Standing, Step, next_step
from migrator.model.folder import Folder
from migrator.model.plan import Plan, lanes_for
from migrator.model.target import Scope
from migrator.model.version import Version
from migrator.watch.report import execution_report
from tasks import desk, mirror
from tasks.broker_repairs import BROKER_ERRORS
from tasks.event_task import EventTask, Report
from tasks.lane import BUSY_PAUSE, claimer_for, give_up, lane
from tasks.shift import NoSlot, work_shift

log = structlog.get_logger("migrator.rollout")


def open_execution(
    connection: Connection,
    event: Event,
    plan: Plan,
    folders: Mapping[Scope, Folder],
    *,
    requested_by: str,
    to: Version | None = None,
) -> None:
    """Write the execution of an event to the ledger; nothing happens when it is there already."""
    digests = {scope.value: folder.digest for scope, folder in folders.items()}
    ledger.open_execution(connection, event.id, plan, requested_by=requested_by, to_version=to, folders=digests)


def carry_on(task: EventTask, event: Event) -> Report:
    """Drive an execution that is open; a single target is migrated here and now, without a fan-out."""
    with desk.store().begin() as connection:
        standing = ledger.glance(connection, event.id)
        row = ledger.execution(connection, event.id)
        single = row.total == 1 and not standing.state.is_end and not standing.held
        if single:
            ledger.note_wave_sent(connection, event.id, 1)
            target = ledger.outcomes(connection, event.id, 1)[0]
    if single:
        _work_here(task, claimer_for(event.id, target.database_id, 1))
    return drive(task, event)


def _work_here(task: EventTask, claimer: Claimer) -> None:
    """Migrate the single target in this process; what may pass is left to the task's own retries.

    Waiting for a slot, or for somebody else who is at work in the schema, does not count as a retry.
    """
    try:
        if not work_shift(claimer, math.inf, single=True):
            task.send_again(countdown=BUSY_PAUSE)
            raise Ignore
    except NoSlot:
        task.send_again(countdown=BUSY_PAUSE)
        raise Ignore from None
    except TransientError as error:
        if task.request.retries < task.max_retries:
            raise
        give_up(claimer, error)
    except MigratorError as error:
        give_up(claimer, error)


def drive(task: EventTask, event: Event) -> Report:
    """Do the execution's next thing. Returns its report when it is over, raises Ignore while it is not.

    Ignore leaves the event's result open: a later run of the same task, under the same id, will give it.
    """
    with desk.store().begin() as connection:
        standing = ledger.standing(connection, event.id)
        if standing is None:
            raise LookupError(f"event {event.id} has no execution")
        step = next_step(standing, desk.settings().lease)
        over = step in (Step.FINISH, Step.HALT)
        report = _end(connection, event, standing, step) if over else {}
        free = {} if over else _send(connection, event.id, standing, step)
    if over:
        return _answered(report)
    log.info("execution goes on", execution=event.id, step=step.value, databases=len(free))
    if free:
        _publish(task, event, free, standing.wave + (step is Step.SEND_WAVE))
    mirror.show(event.id)
    raise Ignore


def _send(connection: Connection, execution_id: str, standing: Standing, step: Step) -> dict[str, int]:
    """Note in the ledger that a wave goes out; returns how many free targets it has, by database."""
    if step is Step.SEND_WAVE:
        ledger.note_wave_sent(connection, execution_id, standing.wave + 1)
        return ledger.free_targets(connection, execution_id, standing.wave + 1)
    if step is Step.SEND_AGAIN:
        ledger.note_sent_again(connection, execution_id)
        return ledger.free_targets(connection, execution_id, standing.wave)
    return {}


def _publish(task: EventTask, event: Event, free: Mapping[str, int], wave: int) -> None:
    """One chord per wave, never a chain of chords: each message would carry all waves that follow."""
    queue = event.priority.value
    with desk.store().begin() as connection:
        budgets = {database.id: desk.budget(database).bulk for database in registry.databases(connection)}
    header = [
        lane.si(event.id, database_id, wave).set(queue=queue, argsrepr=f"{database_id}, wave {wave} of {event.id}")
        for database_id, count in lanes_for(free, budgets).items()
        for _ in range(count)
    ]
    try:
        chord(header, task.si().set(queue=queue)).apply_async(task_id=event.id)
    except BROKER_ERRORS as error:
        log.warning("wave could not be sent, upkeep will", execution=event.id, reason=str(error))


def _end(connection: Connection, event: Event, standing: Standing, step: Step) -> Report:
    """Close execution and event together; returns the report."""
    if not standing.state.is_end:
        state, reason = _end_state(standing, step)
        ledger.finish(connection, event.id, state, reason)
    state = ExecutionState(ledger.execution(connection, event.id).state)
    report = execution_report(connection, event.id, state.value)
    log.info("execution ended", execution=event.id, state=state.value, summary=report["summary"])
    if state is ExecutionState.COMPLETED:
        events.complete(connection, event.id, report)
    else:
        events.fail(connection, event.id, event.type, report["summary"], report=report)
    return report


def _answered(report: Report) -> Report:
    """The report as the task's result, or raised as ExecutionFailed when not every target is done."""
    if report["state"] != ExecutionState.COMPLETED:
        raise ExecutionFailed(report["summary"], report)
    return report


def _end_state(standing: Standing, step: Step) -> tuple[ExecutionState, str | None]:
    if step is Step.HALT:
        left = standing.waves - standing.wave
        return ExecutionState.HALTED, f"targets failed in wave {standing.wave}, {left} later waves depend on them"
    return (ExecutionState.FAILED if standing.failed else ExecutionState.COMPLETED), None


def is_open(event: Event) -> bool:
    """Whether the event has its execution already, and planning is over."""
    with desk.store().begin() as connection:
        return ledger.has_execution(connection, event.id)
