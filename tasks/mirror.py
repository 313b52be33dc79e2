"""Shows an execution's progress where people look: task state for the caller, a task event for Flower.

Both are mirrors. The ledger is the truth, and a mirror that is away costs nothing but the picture.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import structlog
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError
from sqlalchemy import Row

from migrator.fleet import ledger
from migrator.model.event import EventType
from migrator.watch.progress import Progress, rate_and_eta
from tasks import desk
from tasks.app import app

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
        step="migrating",
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
    name, arguments and start.
    """
    try:
        app.backend.store_result(progress.execution, progress.as_meta(), "PROGRESS")
        with app.events.default_dispatcher() as dispatcher:
            dispatcher.send(
                "task-progress",
                uuid=progress.execution,
                name=type_.task_name,
                args=f"execution {progress.execution[:8]}: {progress.total} schemas",
                started=datetime.fromisoformat(progress.started_at).timestamp(),
                result=progress.sentence(),
            )
    except (OperationalError, RedisError, OSError) as error:
        log.warning("progress could not be shown", execution=progress.execution, reason=str(error))


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
