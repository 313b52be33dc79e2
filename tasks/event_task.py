"""The base class of the nine event tasks: the door, the stored event, retries and the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import structlog
from celery.exceptions import Ignore
from kombu.utils.uuid import uuid
from sqlalchemy import Connection

from config.queues import DOOR, STRICTEST_FIRST
from migrator.errors import (
    EXIT_FAILED,
    BadPayload,
    EventFailedBefore,
    ExecutionFailed,
    MigratorError,
    SettingsMissing,
    TransientError,
    UnknownDatabase,
)
from migrator.fleet import events
from migrator.model.door import checked_event_id, parse_payload, refused_payload
from migrator.model.event import Event, EventStatus, EventType, Priority
from migrator.model.readable import readable
from migrator.model.storable import storable
from migrator.watch.report import simple_report
from migrator.wire.answers import forget_answer
from tasks import desk, tracing
from tasks.application import app
from tasks.breaker import BreakerTask
from tasks.broker_repairs import pause_on
from tasks.notice import notice

Report = dict[str, Any]
RETRIES_HEADER = "max_retries"
"""A header of the message: ``send_task(name, kwargs=..., headers={"max_retries": 5})`` by an application without us."""
MOST_RETRIES = 100
CarryOut = Callable[["EventTask", Event, Any], Report]

log = structlog.get_logger("migrator.event")


class EventTask(BreakerTask):
    """A Celery task that carries out one event; may run twice or beside its twin at any time.

    Its database is known once the event is stored, so it is there that it waits for a breaker, not before: an event
    that waits is in the audit trail and outlives its message.

    The event is stored under the task's id before anything else, and its stored payload counts from then on.
    So the same task without a payload goes on with the event where it stands: that is how a chord's body and
    upkeep drive an execution.
    """

    abstract = True
    Request = "tasks.readable:ReadableRequest"
    event_type: EventType
    throws = (MigratorError,)  # expected: one line in the log, no traceback
    autoretry_for = (TransientError,)
    retry_jitter = True

    def apply_async(
        self,
        args: Any = None,
        kwargs: Any = None,
        task_id: str | None = None,
        *,
        max_retries: int | None = None,
        **options: Any,
    ) -> Any:
        """As Celery's. An id that is sent again with a payload gets an answer of its own, not the stored first one.

        ``max_retries``: how often this event is tried again; it travels as a header, and is stored with the event.
        """
        if not self.app.conf.broker_url:
            raise SettingsMissing(what="the broker", variable="MIGRATOR_BROKER_URL")
        if task_id and kwargs and not options.get("chord"):
            forget_answer(self.app, task_id)
        if kwargs:
            options.setdefault("argsrepr", readable(self.event_type, kwargs))
            options.setdefault("kwargsrepr", "{}")
        if max_retries is not None:
            options["headers"] = {**(options.get("headers") or {}), RETRIES_HEADER: max_retries}
        return super().apply_async(args, kwargs, task_id=task_id or uuid(), **options)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Move a message from Celery's own default queue to the queue of its event type, else carry it out."""
        where = (self.request.delivery_info or {}).get("routing_key")
        if where == DOOR and not self.request.called_directly:
            self.send_again(queue=self.event_type.priority.value)
            raise Ignore
        return super().__call__(*args, **kwargs)

    def retry(self, *args: Any, exc: Exception | None = None, countdown: float | None = None, **options: Any) -> Any:
        """As Celery's, except that jitter may not cut short the wait for a database that is not registered yet."""
        if isinstance(exc, UnknownDatabase) and countdown is not None:
            countdown = max(countdown, min(self.retry_backoff * 2**self.request.retries, self.retry_backoff_max))
        if countdown:
            countdown = pause_on(self.app, countdown)
        options = {"max_retries": self._most_retries(), **options}
        return super().retry(*args, exc=exc, countdown=countdown, **options)

    @property
    def may_retry(self) -> bool:
        """Whether the event that is being carried out is tried again when it fails now."""
        return bool(self.request.retries < self._most_retries())

    def _most_retries(self) -> int:
        """As stored; before it is, as its sender said, else by the settings."""
        stored = getattr(self.request, "stored_max_retries", None)
        asked = asked_retries(self.request.headers) if stored is None else int(stored)
        return int(self.max_retries if asked is None else asked)

    def process(self, carry_out: CarryOut, payload: Mapping[str, Any]) -> Report:
        """Store the event or take up the stored one, and carry it out unless it came to its end before."""
        event = self._receive(payload)
        structlog.contextvars.bind_contextvars(event_id=event.id, type=event.type.value)
        if event.type is not self.event_type:
            reason = f"its id {event.id} belongs to an event of type {event.type.value}"
            raise BadPayload(type=self.event_type.value, reason=reason)
        if event.status.is_end:
            return _stored_end(event)
        return carry_out(self, event, parse_payload(event.type, event.payload))

    def _receive(self, payload: Mapping[str, Any]) -> Event:
        """What is stored of a payload are the fields of its type: nothing that came in by mistake, a password say."""
        received = Event(
            id=checked_event_id(self.event_type, self.request.id or uuid()),
            type=self.event_type,
            payload=storable(self.event_type, payload),
            priority=self._priority(),
            retry_count=self.request.retries or 0,
            max_retries=self._most_retries(),
            triggered_by=getattr(self.request, "origin", None),
            correlation_id=self.request.correlation_id,
        )
        refusal = refused_payload(self.event_type, payload)
        # The message is there until the work is done. Every way in which a run ends writes something more and waits for
        # the disk then, which has this by that time: tests/acceptance/test_durable_events.py
        with desk.store().begin() as connection:
            event = events.receive(connection, received, flush=False)
            tracing.keep(connection, event.id)
        self.request.stored_max_retries = event.max_retries
        if refusal and payload and not event.status.is_end:
            raise refusal
        return event

    def _priority(self) -> Priority:
        """That of the queue which the caller chose, when it is one of ours."""
        queue = (self.request.delivery_info or {}).get("routing_key")
        return Priority(queue) if queue in STRICTEST_FIRST else self.event_type.priority

    def on_retry(self, exc: Exception, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        """The event waits and is tried again; the reason is stored."""
        log.warning("event is tried again", event_id=task_id, reason=str(exc), retries=self.request.retries)
        with _noting(task_id) as connection:
            events.note_retry(connection, task_id, self.event_type, str(exc), (self.request.retries or 0) + 1)

    def on_success(self, retval: Any, task_id: str, args: Any, kwargs: Any) -> None:
        """The sender has its answer: what need not be waited for is done now."""
        for call in getattr(self.request, "afterwards", ()):
            call()

    def on_failure(self, exc: Exception, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        """The event came to a bad end and is kept with the reason."""
        sentence = str(exc) if isinstance(exc, MigratorError) else f"{type(exc).__name__}: {exc}"
        log.error("event failed", event_id=task_id, reason=sentence)
        report = exc.report if isinstance(exc, ExecutionFailed) else None
        with _noting(task_id) as connection:
            exit_code = exc.exit_code if isinstance(exc, MigratorError) else EXIT_FAILED
            name = type(exc).__name__
            events.fail(connection, task_id, self.event_type, sentence, report=report, exit_code=exit_code, error=name)
        notice()


def asked_retries(headers: Mapping[str, Any] | None) -> int | None:
    """How often a sender wants an event to be tried again; None when it did not say, or nothing of sense."""
    asked = (headers or {}).get(RETRIES_HEADER)
    return asked if isinstance(asked, int) and not isinstance(asked, bool) and 0 <= asked <= MOST_RETRIES else None


@contextmanager
def _noting(event_id: str) -> Iterator[Connection]:
    """A transaction for a note that must not decide about the task: without a ledger to write to, the log has it."""
    try:
        with desk.store().begin() as connection:
            yield connection
    except MigratorError as error:
        log.error("event could not be noted in the ledger", event_id=event_id, reason=str(error))


def event_task(type_: EventType) -> Callable[[CarryOut], EventTask]:
    """Make the Celery task of an event type from the function that carries its events out."""

    def register(carry_out: CarryOut) -> EventTask:
        chosen = desk.settings()

        def run(self: EventTask, *args: Any, **payload: Any) -> Report:
            if args:
                raise BadPayload(type=type_.value, reason="give the fields by name, not by position")
            return self.process(carry_out, payload)

        run.__doc__ = carry_out.__doc__
        run.__name__ = type_.function_name
        run.__module__ = carry_out.__module__
        task: EventTask = app.task(
            run,
            bind=True,
            base=EventTask,
            name=type_.task_name,
            event_type=type_,
            max_retries=chosen.max_retries,
            retry_backoff=chosen.retry_backoff,
            retry_backoff_max=chosen.retry_backoff_max,
        )
        return task

    return register


def settle(connection: Connection, event: Event, summary: str, **facts: Any) -> Report:
    """Complete an event that started no execution, in the transaction of what it changed; returns its report."""
    report = simple_report(event.id, summary, **facts)
    events.complete(connection, event.id, report)
    return report


def _stored_end(event: Event) -> Report:
    """What an event that ended before answers when it comes again."""
    report = dict(event.report or {})
    if event.status is EventStatus.COMPLETED:
        said = f"event {event.id} was completed before, nothing was done now: {report.get('summary')}"
        return report | {"repeated": True, "summary": said}
    if report:
        raise ExecutionFailed(event.error_message, report | {"repeated": True})
    raise EventFailedBefore(event=event.id, reason=event.error_message)
