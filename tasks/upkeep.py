"""Upkeep: beat's regular look at the ledger. What was lost on the way is driven on from here."""

from __future__ import annotations

import structlog

from migrator.fleet import events, ledger
from migrator.model.event import EventStatus, EventType
from migrator.model.execution import ExecutionState
from migrator.model.next_step import Standing, Step, next_step
from tasks import alerting, breakers, desk, relay, templates, tending, tracing
from tasks.application import app

log = structlog.get_logger("migrator.upkeep")


@app.task(name="migrator.upkeep", ignore_result=True, send_events=False)
def upkeep() -> None:
    """Send events whose time has come; once more those of executions that lie still, and those that were forgotten.

    Also what was published and no relay sent. And set right what the ledger says of breakers that their store has
    forgotten, ask for spares where there are too few and for templates whose maker was lost, and look at the alerts.
    """
    for event_id, type_, priority in _due():
        log.info("event is due", event_id=event_id, type=type_)
        _send(event_id, type_, priority)
    for event_id, type_, priority, retries in _left_behind():
        log.warning("event is driven on", event_id=event_id, type=type_)
        _send(event_id, type_, priority, retries)
    relay.catch_up()
    breakers.reconcile()
    templates.look_around()
    tending.look_around()
    alerting.look_around(alerting.ask)


def _send(event_id: str, type_: str, priority: str, retries: int = 0) -> None:
    with tracing.resumed(event_id):
        app.send_task(EventType(type_).task_name, task_id=event_id, queue=priority, retries=retries)


def _due() -> list[tuple[str, str, str]]:
    with desk.store().begin() as connection:
        return [(row.id, row.type, row.priority) for row in events.take_due(connection)]


def _left_behind() -> list[tuple[str, str, str, int]]:
    """Each with the tries that it goes on with: one whose message was lost has no more of them for that."""
    lease = desk.settings().lease
    with desk.store().begin() as connection:
        found = []
        for row in ledger.open_executions(connection, rest=lease / 2):
            if EventStatus(row.event_status).is_end:
                ledger.move(connection, row.id, ExecutionState.FAILED, "its event ended without it")
            elif lies_still(ledger.glance(connection, row.id), lease):
                ledger.nudge(connection, row.id)
                found.append((row.id, row.type, row.priority, 0))
        stranded = events.take_stranded(connection, patience=2 * lease)
        return found + [(row.id, row.type, row.priority, row.retry_count) for row in stranded]


def lies_still(standing: Standing, patience: float) -> bool:
    """Whether an execution has a next step that nobody is taking.

    Lanes that were lost are next_step's own question; a chord's body that ought to be on its way gets half the
    patience before it is taken for lost. What waited for its time is due at once.
    """
    step = next_step(standing, patience)
    if step is Step.WAIT:
        return False
    due = standing.state in (ExecutionState.SOAKING, ExecutionState.PLANNED)
    return due or step in (Step.REPLACE, Step.SEND_AGAIN) or standing.quiet_seconds > patience / 2
