"""Every message is looked at before Celery takes it in, and one that is refused never comes again.

Celery takes the types of headers for granted, and kombu that what lies in a queue is a message: without this one
message from a stranger ends a worker, is delivered again, and ends the next one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from celery.worker.consumer import Consumer as CeleryConsumer
from kombu import message as kombu_message
from kombu.exceptions import DecodeError
from kombu.serialization import registry
from kombu.transport import redis as kombu_redis

from migrator.wire import form
from migrator.wire.signing import CONTENT_TYPE, SERIALIZER, is_bound
from tasks.broker_repairs import BROKER_ERRORS

JSON = "application/json"
MOST_TOLD = 300
"""Characters of a reason that may quote a message."""

log = structlog.get_logger("migrator.inspection")


class UnreadableMessage(ValueError):
    """What lay in a queue cannot be unpacked; it is dropped where it was read."""


class Consumer(CeleryConsumer):
    """Celery's consumer, with an inspection before it; named by the setting ``worker_consumer``."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._is_signed = self.app.conf.task_serializer == SERIALIZER
        self._limit = self.app.conf.get("migrator_message_limit") or form.MESSAGE_LIMIT
        forget_serializers({"json", SERIALIZER})
        refuse_compression()
        guard_valkey(form.raw_limit(self._limit))

    def create_task_handler(self, **options: Any) -> Callable[[Any], None]:
        """Celery's handler, which is asked only for messages that have the form it expects."""
        handle = super().create_task_handler(**options)
        passing = (*self.connection_errors, *self.channel_errors)

        def on_message(message: Any) -> None:
            if (reason := self.refusal(message)) is not None:
                self.refuse(message, reason)
                return
            try:
                handle(message)
            except passing:
                raise  # the broker's trouble, which Celery deals with
            except Exception as error:  # noqa: BLE001 - a process's edge: whatever a stranger sent must not end it
                self.refuse(message, f"it cannot be taken up: {_told(error)}")

        return on_message

    def refusal(self, message: Any) -> str | None:
        """Why a message is not worked on, None when it is."""
        accepted = CONTENT_TYPE if self._is_signed else JSON
        if message.content_type != accepted:
            return f"its content is {str(message.content_type)[:100]!r}, accepted is {accepted}"
        size = len(message.body or b"")
        most = form.raw_limit(self._limit) if self._is_signed else self._limit
        if size > most:
            return f"it has {size:,} bytes, the limit is {most:,} (setting message_limit)"
        if (reason := form.broken_headers(message.headers)) is not None:
            return reason
        if message.headers["task"] not in self.strategies:
            return f"there is no task {message.headers['task']!r}"
        return self._broken_body(message)

    def _broken_body(self, message: Any) -> str | None:
        """Reading it here costs nothing more: the message keeps what was read."""
        try:
            body = message.payload
        except Exception as error:  # noqa: BLE001 - a process's edge: decoders raise what they like
            return f"its body cannot be read: {_told(error)}"
        if (reason := form.broken_body(body)) is not None:
            return reason
        if self._is_signed and not is_bound(body, message.headers):
            return "its body was signed for another task or id"
        return None

    def refuse(self, message: Any, reason: str) -> None:
        """Take the message away for good, and have the event that it was, where it was one, stored as failed.

        Not where messages are signed: who has no valid signature leaves no trace but the log's.
        """
        headers = message.headers if isinstance(message.headers, dict) else {}
        task, task_id = headers.get("task"), headers.get("id")
        log.error("message refused", reason=reason, task=_short(task), id=_short(task_id))
        if not message.acknowledged:
            message.reject_log_error(log, self.connection_errors)
        if not self._is_signed and form.broken_headers(headers) is None:
            self._have_it_noted(str(task), str(task_id), reason)

    def _have_it_noted(self, task: str, task_id: str, reason: str) -> None:
        """By a child: this process has neither the time nor a connection."""
        try:
            self.app.send_task("migrator.refused", args=[task_id, task, reason[:MOST_TOLD]], queue="high")
        except BROKER_ERRORS as error:
            log.error("refused event could not be noted", id=_short(task_id), reason=str(error))


def forget_serializers(kept: set[str]) -> None:
    """Remove every other serializer from this process: a signed body could name pickle as what it is written in."""
    for name in set(registry.name_to_type) - kept:
        registry.unregister(name)


def refuse_compression() -> None:
    """Nothing of ours is compressed, and a small message could unpack into all memory that there is."""
    kombu_message.decompress = _refuse_to_unpack


def _refuse_to_unpack(_: Any, method: Any) -> bytes:
    raise DecodeError(f"it is compressed ({str(method)[:20]}), and compressed messages are not accepted")


def guard_valkey(limit: int) -> None:
    """Drop what cannot be unpacked as soon as it was read: kombu would raise, and the worker end with it."""
    if getattr(kombu_redis, "is_guarded", False):
        return
    loads, read, receive = kombu_redis.loads, kombu_redis.Channel._brpop_read, kombu_redis.Channel._receive_one
    deliver = kombu_redis.Transport._deliver

    def careful_loads(text: Any, **options: Any) -> Any:
        if len(text) > limit:
            raise UnreadableMessage(f"it has {len(text):,} bytes, the limit is {limit:,}")
        try:
            return loads(text, **options)
        except (ValueError, TypeError, AttributeError, RecursionError, ArithmeticError) as error:
            raise UnreadableMessage(f"it is not JSON: {_told(error)}") from None

    def careful_deliver(self: Any, message: Any, queue: Any) -> Any:
        if (reason := form.broken_envelope(message)) is not None:
            raise UnreadableMessage(reason)
        return deliver(self, message, queue)

    kombu_redis.loads = careful_loads
    kombu_redis.Transport._deliver = careful_deliver
    kombu_redis.Channel._brpop_read = _dropping(read)
    kombu_redis.Channel._receive_one = _dropping(receive)
    kombu_redis.is_guarded = True


def _dropping(read: Callable[..., Any]) -> Callable[..., Any]:
    """A reader that answers "got something" where it got something that cannot be unpacked."""

    def careful(self: Any, *args: Any, **options: Any) -> Any:
        try:
            return read(self, *args, **options)
        except UnreadableMessage as error:
            log.error("message dropped", reason=str(error)[:MOST_TOLD])
            return True

    return careful


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:MOST_TOLD]


def _short(value: Any) -> str | None:
    return value[:100] if isinstance(value, str) else None
