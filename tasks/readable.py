"""What Flower and the workers' logs show of an event: its fields in a readable line, and nothing but its fields.

Celery shows what the sender's process made of the arguments, whatever was put in by mistake, a password say. So the
line is made anew where a message comes in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from celery.signals import task_revoked

from migrator.model.readable import readable
from tasks.application import app
from tasks.broker_repairs import BROKER_ERRORS
from tasks.losses import LeasedRequest

GOES_ON = "goes on with what is stored"
TERMINATED = "terminated by an operator's hand; the ledger says how its execution goes on: migrator show"


class ReadableRequest(LeasedRequest):
    """A message of an event in a worker, told by the fields of its type."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        fields = self._request_dict.get("kwargs")
        told = self._request_dict.get("argsrepr")
        told = "" if told in (None, "()") else told  # by the relay, which sends ids alone
        said = readable(self._task.event_type, fields) if fields and isinstance(fields, Mapping) else told or GOES_ON
        self._argsrepr = self._request_dict["argsrepr"] = said
        self._kwargsrepr = self._request_dict["kwargsrepr"] = "{}"


@task_revoked.connect
def tell_flower(sender: Any = None, request: Any = None, **_: Any) -> None:
    """A task that was revoked does not stay PROGRESS for ever: Celery ranks that state above REVOKED.

    Runs in the worker's main process. Who goes on with the execution makes it PROGRESS again.
    """
    if getattr(sender, "event_type", None) is None:
        return
    try:
        with app.events.default_dispatcher(hostname=request.hostname) as dispatcher:
            dispatcher.send("task-terminated", uuid=request.id, name=sender.name, result=TERMINATED)
    except BROKER_ERRORS:
        return  # Flower hears of nothing while the broker is away
