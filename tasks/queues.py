"""The queues as they stand: how many messages wait in each, and for how long the next one has."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from typing import Any

from amqp.exceptions import NotFound
from celery.signals import before_task_publish
from kombu.exceptions import ChannelError
from kombu.transport.redis import Channel as RedisChannel

from tasks.application import app

SENT_AT = "sent_at"
"""A header of our messages: seconds since the epoch, by the clock of who sent it."""


@before_task_publish.connect
def _stamp(sender: str | None = None, headers: dict[str, Any] | None = None, **_: Any) -> None:
    """The signal is the whole process's; messages of an application's own are left alone."""
    if headers is not None and str(sender).startswith("migrator."):
        headers[SENT_AT] = time.time()


def queues_at_work(names: Iterable[str], now: float) -> Mapping[str, tuple[int, float | None]]:
    """By queue: how many messages wait, and the age of the next one in seconds.

    None where there is none, on RabbitMQ, which does not let one look, and for what was sent by others. Raises kombu's,
    redis' and the socket's errors while the broker is away.
    """
    with app.connection_for_read(connect_timeout=2) as connection:
        channel = connection.default_channel
        return {name: (_waiting(channel, name), _age(channel, name, now)) for name in names}


def _waiting(channel: Any, name: str) -> int:
    if isinstance(channel, RedisChannel):
        return int(channel._size(name))
    try:
        return int(channel.queue_declare(queue=name, passive=True).message_count)
    except (NotFound, ChannelError):
        return 0


def _age(channel: Any, name: str, now: float) -> float | None:
    """Messages are taken from the right end of a list."""
    if not isinstance(channel, RedisChannel):
        return None
    sent = sent_at(channel.client.lindex(name, -1))
    return None if sent is None else max(0.0, now - sent)


def sent_at(raw: bytes | str | None) -> float | None:
    """When a message was sent; None where there is none, or what lies there is nobody's message."""
    try:
        message = json.loads(raw or "null")
    except ValueError:
        return None
    headers = message.get("headers") if isinstance(message, dict) else None
    sent = headers.get(SENT_AT) if isinstance(headers, dict) else None
    return float(sent) if isinstance(sent, int | float) else None
