"""Two things that Celery 5.7 and kombu 5.7 do not do on Redis and Valkey, and that we cannot do without.

Both use kombu's internals; tests/acceptance has one test for each, so that an upgrade that breaks one says which.
"""

from __future__ import annotations

import time
from queue import Empty
from typing import Any

from amqp import AMQPError
from celery import bootsteps
from celery.worker import state as worker_state
from kombu.exceptions import OperationalError
from kombu.transport import redis as kombu_redis
from redis.exceptions import RedisError

DEFAULT_VISIBILITY_TIMEOUT = 3600
BROKER_ERRORS = (OperationalError, RedisError, AMQPError, OSError)
"""What sending something raises while the broker or the result backend is away."""


def pause_on(app: Any, seconds: float) -> float:
    """A countdown as the broker takes it: RabbitMQ's delayed delivery knows whole seconds, and none below one."""
    is_delayed_there = any(queue.queue_arguments for queue in app.amqp.queues.values())
    return max(1.0, seconds) if is_delayed_there else seconds


class UnackedLease(bootsteps.StartStopStep):
    """Keeps the messages that this worker is working on from being delivered to another one.

    The transport delivers a message again when it was not acknowledged within visibility_timeout, however
    alive its worker is. This step renews the time of every message in hand, so that the timeout can be short
    and a dead worker's messages come back soon. It also covers retries that wait for their countdown.
    """

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, consumer: Any, **options: Any) -> None:
        self._timer: Any = None
        super().__init__(consumer, **options)

    def start(self, consumer: Any) -> None:
        """Renew now, and then four times within each timeout."""
        if not isinstance(consumer.task_consumer.channel, kombu_redis.Channel):
            return
        options = consumer.app.conf.broker_transport_options
        timeout = options.get("visibility_timeout", DEFAULT_VISIBILITY_TIMEOUT)
        self._renew(consumer)
        self._timer = consumer.timer.call_repeatedly(max(timeout / 4, 0.5), self._renew, (consumer,))

    def stop(self, consumer: Any) -> None:
        """Messages in hand are left to their timeout."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    @staticmethod
    def _renew(consumer: Any) -> None:
        channel = consumer.task_consumer.channel
        reserved = {r.message.delivery_tag for r in list(worker_state.reserved_requests) if r.message}
        tags = set(channel.qos._delivered) | reserved
        if not tags:
            return
        now = time.time()
        try:
            with channel.conn_or_acquire() as client:
                client.zadd(channel.unacked_index_key, dict.fromkeys(tags, now), xx=True)
        except channel.connection_errors:
            return  # the consumer notices by itself and reconnects


def survive_broker_restarts() -> None:
    """Let a channel be closed twice.

    When the broker goes away with a message in flight, Celery 5.7 closes the connection a second time after
    kombu's read has failed, and the worker ends with an AttributeError. Reading the reply first, and letting
    that fail, is all it takes.
    """
    original = kombu_redis.Channel.close
    if getattr(original, "closes_twice", False):
        return

    def close(self: Any) -> Any:
        if self._in_poll:
            try:
                self._brpop_read()
            except (Empty, *self.connection_errors):
                pass  # the connection is gone, which is why it is being closed
        return original(self)

    close.closes_twice = True  # type: ignore[attr-defined]
    kombu_redis.Channel.close = close
