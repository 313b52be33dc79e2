"""How our applications publish: a message that is too large is refused, a signed one says what it was signed for."""

from __future__ import annotations

from typing import Any

from celery.app.amqp import AMQP
from kombu.serialization import dumps

from migrator.errors import MessageTooLarge
from migrator.wire.form import MESSAGE_LIMIT
from migrator.wire.signing import bind


class Outgoing(AMQP):
    """Celery's own, with our two words on each message; the limit is the application's ``migrator_message_limit``."""

    def as_task_v2(self, task_id: str, name: str, *args: Any, **options: Any) -> Any:
        """The message. Raises MessageTooLarge before anything is sent."""
        message = super().as_task_v2(task_id, name, *args, **options)
        limit = self.app.conf.get("migrator_message_limit") or MESSAGE_LIMIT
        size = _size(message.body)
        if size > limit:
            raise MessageTooLarge(task=name, size=size, limit=limit)
        bind(message.body, task_id, name)
        return message


def _size(body: Any) -> int:
    """Bytes as JSON; what JSON cannot say is refused by the serializer later, in its own words."""
    try:
        _, _, written = dumps(body, serializer="json")
    except (TypeError, ValueError):
        return 0
    return len(written.encode()) if isinstance(written, str) else len(written)
