"""The stored answer of an event, which would be taken for the next one when the event is sent again."""

from __future__ import annotations

from celery import Celery
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError


def forget_answer(app: Celery, event_id: str) -> None:
    """Drop it, so that whoever waits gets the next one; nothing without a result backend.

    As the backend's own ``forget``, which never ends while the backend is away and results are always tried again
    (``result_backend_always_retry``). Raises kombu's OperationalError instead, as sending does.
    """
    if not app.conf.result_backend:
        return
    backend = app.backend
    backend._cache.pop(event_id, None)
    try:
        backend._forget(event_id)
    except RedisError as error:
        raise OperationalError(str(error)) from error
    backend.result_consumer.cancel_for(event_id)
