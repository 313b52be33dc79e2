"""What a worker's main process does when a child of it dies, and when it is stopped: nobody waits for their leases."""

from __future__ import annotations

import hashlib
import os
import signal
import threading
from typing import Any

import structlog
from celery import bootsteps
from celery.exceptions import WorkerLostError
from celery.signals import worker_process_init, worker_shutting_down
from celery.worker.request import Request
from kombu.utils.uuid import uuid

from migrator.errors import MigratorError, TransientError
from migrator.fleet import claims
from migrator.model.event import EventType
from migrator.model.holder import Holder, children_of
from tasks import desk
from tasks.application import app
from tasks.broker_repairs import BROKER_ERRORS

LOOK_SECONDS = 1.0
AGAIN_SECONDS = 1.0
MOST_TRIES = 60
"""By then leases have run out by themselves."""
WRITE_SECONDS = 5.0
"""A control database that is away must not keep a worker from stopping."""
_main: dict[str, int] = {}

log = structlog.get_logger("migrator.losses")


@worker_process_init.connect
def _forked(**_: Any) -> None:
    _main["process"] = os.getppid()


def holder_for(task_id: str) -> Holder:
    """A new name for one run of a task: an earlier run of the same one may still be at work."""
    return Holder(
        desk.host(), _main.get("process", os.getpid()), os.getpid(), _short(task_id), uuid().replace("-", "")[:12]
    )


class ChildWatch(bootsteps.StartStopStep):
    """Looks for dead children every second.

    Celery looks when a child closes its end of a pipe, and then every five seconds. A dying child closes the pipe a
    moment before it can be waited for, so that the first look often finds nothing.
    """

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, consumer: Any, **options: Any) -> None:
        self._timer: Any = None
        super().__init__(consumer, **options)

    def start(self, consumer: Any) -> None:
        """Only the prefork pool has children."""
        look = getattr(getattr(consumer.pool, "_pool", None), "maintain_pool", None)
        if look is not None:
            self._timer = consumer.timer.call_repeatedly(LOOK_SECONDS, look)

    def stop(self, consumer: Any) -> None:
        """Celery sees to the end of the pool."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


app.steps["consumer"].add(ChildWatch)


class LeasedRequest(Request):
    """A message in the worker's main process, which sees that the child died that worked on it."""

    def on_failure(self, exc_info: Any, send_failed_event: bool = True, return_ok: bool = False) -> Any:
        """As Celery's; what the child held is free before its message comes back."""
        lost = isinstance(getattr(exc_info.exception, "exc", exc_info.exception), (WorkerLostError, SystemExit))
        if lost and self.worker_pid and not self._already_cancelled:
            _tell(Holder(desk.host(), os.getpid(), self.worker_pid, _short(self.id), "").of_its_task)
        return super().on_failure(exc_info, send_failed_event, return_ok)


@app.task(
    name="migrator.lose",
    ignore_result=True,
    autoretry_for=(TransientError,),
    default_retry_delay=AGAIN_SECONDS,
    max_retries=MOST_TRIES,
)
def lose(holders: str, died: bool = True) -> None:
    """End the leases of holders that are gone, and drive their executions on.

    While the control database is away it is tried again: a lease may be longer than that is.
    """
    with desk.store().begin() as connection:
        found = claims.lose(connection, holders, died=died)
    if found:
        log.warning("worker is lost", holders=holders, executions=[row.id for row in found])
    for row in found:
        app.send_task(EventType(row.type).task_name, task_id=row.id, queue=row.priority)


def _tell(holders: str) -> None:
    """By a message, because the main process has neither time nor connections for the control database."""
    try:
        app.send_task("migrator.lose", kwargs={"holders": holders}, queue="critical")
    except BROKER_ERRORS as error:
        log.warning("lost child could not be told, its leases run out", holders=holders, reason=str(error))


@worker_shutting_down.connect
def _stopping(how: str = "Warm", **_: Any) -> None:
    """Warm: targets in hand are finished, but not for ever. Cold: the children are gone, what they had is free."""
    if how == "Warm":
        limit = threading.Timer(desk.settings().stop_patience, _enough)
        limit.daemon = True
        limit.start()
        return
    writing = threading.Thread(target=_let_go, daemon=True)
    writing.start()
    writing.join(WRITE_SECONDS)


def _enough() -> None:
    """The cold stop, without the time that Celery's soft one would give once more."""
    app.conf.worker_soft_shutdown_timeout = 0
    os.kill(os.getpid(), signal.SIGQUIT)


def _let_go() -> None:
    try:
        lose(children_of(desk.host(), os.getpid()), died=False)
    except (MigratorError, *BROKER_ERRORS) as error:
        log.warning("leases could not be given back, they run out", reason=str(error))


def _short(task_id: str) -> str:
    return hashlib.blake2s(task_id.encode(), digest_size=4).hexdigest()
