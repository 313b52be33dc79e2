"""Shows an execution's progress where people look: task state for the caller, a task event for Flower.

Both are mirrors. The ledger is the truth, and a mirror that is away costs nothing but the picture.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import structlog
from celery.backends.redis import RedisBackend
from celery.states import READY_STATES
from sqlalchemy import Row

from migrator.fleet import ledger
from migrator.model.event import EventType
from migrator.watch.progress import Progress, rate_and_eta
from tasks import desk
from tasks.application import app
from tasks.broker_repairs import BROKER_ERRORS

PAUSE_SECONDS = 5.0

log = structlog.get_logger("migrator.mirror")


def show(execution_id: str, current: str | None = None) -> None:
    """Read an execution's progress from the ledger and mirror it; one that has ended is left alone."""
    with desk.store().begin() as connection:
        row = ledger.execution(connection, execution_id)
        running = ledger.summed(connection, execution_id).running
    if row.finished_at is None:
        reflect(progress_of(row, running, current), EventType(row.type))


def progress_of(row: Row[Any], running: int, current: str | None = None) -> Progress:
    """The numbers of an execution's row, as people are shown them."""
    rate, eta = rate_and_eta(row.done + row.failed, row.total, float(row.seconds))
    return Progress(
        execution=row.id,
        step=row.state if row.state != "running" else row.kind,
        wave=row.wave,
        waves=row.waves,
        total=row.total,
        done=row.done,
        failed=row.failed,
        skipped=row.skipped,
        running=running,
        rate=rate,
        eta_seconds=eta,
        current=current,
        started_at=row.created_at.astimezone(UTC).isoformat(timespec="seconds"),
    )


def reflect(progress: Progress, type_: EventType) -> None:
    """Store the numbers as the state of the event's task, and send Flower the sentence.

    Flower learns of a task by events alone and may have started after ours, so each one also says the task's
    name, arguments and start. Nothing here waits for a server that is away: a lane holds leases meanwhile.
    """
    if not _pause.is_over():
        return
    try:
        if not _store(progress):
            return
        with app.events.default_dispatcher() as dispatcher:
            dispatcher.send(
                "task-progress",
                uuid=progress.execution,
                name=type_.task_name,
                args=f"execution {progress.execution[:8]}: {progress.total} schemas",
                started=datetime.fromisoformat(progress.started_at).timestamp(),
                result=progress.sentence(),
            )
    except BROKER_ERRORS as error:
        _pause.begin()
        log.warning("progress could not be shown", execution=progress.execution, reason=str(error))


def _store(progress: Progress) -> bool:
    """Write the state past Celery's own retries, unless the task has come to its end; False when it has."""
    backend = app.backend
    if not isinstance(backend, RedisBackend):
        return True
    if backend._get_task_meta_for(progress.execution)["status"] in READY_STATES:
        return False
    meta = backend._get_result_meta(progress.as_meta(), "PROGRESS", None, None) | {"task_id": progress.execution}
    backend._set(backend.get_key_for_task(progress.execution), backend.encode(meta))
    return True


class _Pause:
    """After a failure the mirrors are left alone for a while."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._until = seconds, 0.0

    def begin(self) -> None:
        self._until = time.monotonic() + self._seconds

    def is_over(self) -> bool:
        return time.monotonic() >= self._until


_pause = _Pause(PAUSE_SECONDS)


class Pace:
    """Says when a mirror may be updated again, so that it costs next to nothing."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._next = seconds, time.monotonic() + seconds

    def is_due(self) -> bool:
        """Whether so many seconds have passed since this last said yes, or since the beginning."""
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + self._seconds
        return True
