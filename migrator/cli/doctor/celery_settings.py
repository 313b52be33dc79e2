"""What a celeryconfig.py of one's own must not change: the promises rest on some of Celery's settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from config.queues import STRICTEST_FIRST, TASK_ROUTES
from migrator.model.check import Check, Verdict


@dataclass(frozen=True, slots=True)
class Wanted:
    """A setting of Celery's, the value it has to have, and what happens otherwise."""

    name: str
    value: Any
    otherwise: str
    verdict: Verdict = Verdict.STOP


WANTED = (
    Wanted("task_acks_late", True, "a task whose worker is killed is lost"),
    Wanted("worker_prefetch_multiplier", 1, "urgent events wait behind what workers hold back", Verdict.WARN),
    Wanted("task_retry_on_worker_lost", True, "a task whose child process is killed does not come back"),
    Wanted("task_reject_on_worker_lost", None, "a task that kills its worker comes back for ever"),
    Wanted("task_always_eager", False, "tasks run inside the caller, without a worker and without a ledger's care"),
    Wanted("task_ignore_result", False, "chords never see their members end"),
    Wanted("task_create_missing_queues", True, "an event sent to a queue of one's own is refused", Verdict.WARN),
    Wanted("result_backend_always_retry", True, "a task that ends while the backend is away counts as failed"),
    Wanted("task_serializer", "json", "a message might run code"),
    Wanted("result_serializer", "json", "a result might run code"),
    Wanted("enable_utc", True, "schedules and windows are off by the time zone"),
    Wanted("worker_send_task_events", True, "Flower and the dashboard see no progress", Verdict.WARN),
)


def celery() -> Iterator[Check]:
    """The settings as the workers of this directory would have them."""
    from tasks import app

    values = {wanted.name: getattr(app.conf, wanted.name, None) for wanted in WANTED}
    found = [*differing(values), *_about_messages(app.conf), *_about_queues(app.conf)]
    yield from found
    if not found:
        yield Check("celery", Verdict.OK, str(len(WANTED)), "Celery's settings are those that the promises rest on")


def differing(values: Mapping[str, Any]) -> Iterator[Check]:
    """Each setting that was changed, with what that breaks."""
    for wanted in WANTED:
        value = values.get(wanted.name)
        if value != wanted.value and bool(value) | bool(wanted.value):
            said = f"{wanted.name} is {value!r} instead of {wanted.value!r}: {wanted.otherwise}"
            yield Check(wanted.name, wanted.verdict, str(value), said, "leave it out of celeryconfig.py")


def _about_messages(conf: Any) -> Iterator[Check]:
    if set(conf.accept_content or ()) != {"json"}:
        said = f"accept_content is {list(conf.accept_content or ())}: messages that can run code would be accepted"
        yield Check("accept_content", Verdict.STOP, "", said, "leave it out of celeryconfig.py")
    if str(conf.broker_url or "").startswith(("redis", "valkey")):
        options = conf.broker_transport_options or {}
        if options.get("queue_order_strategy") != "priority":
            said = "broker_transport_options has no queue_order_strategy='priority': urgent events take their turn"
            yield Check("queue order", Verdict.WARN, "", said, "add it, or leave broker_transport_options out")


def _about_queues(conf: Any) -> Iterator[Check]:
    queues = {getattr(queue, "name", queue) for queue in conf.task_queues or ()}
    if missing := [name for name in STRICTEST_FIRST if name not in queues]:
        said = f"task_queues lacks {', '.join(missing)}: events of that priority are not taken up"
        yield Check("task_queues", Verdict.STOP, "", said, "take config.queues.TASK_QUEUES and add to it")
    yield from rerouted(conf.task_routes if isinstance(conf.task_routes, Mapping) else None)


def rerouted(routes: Mapping[str, Any] | None) -> Iterator[Check]:
    """Tasks of ours that go somewhere else, or nowhere."""
    if routes is None:
        said = "task_routes is no table, so it is not known which queue a task goes to"
        yield Check("task_routes", Verdict.WARN, "", said, "take config.queues.TASK_ROUTES and add to it")
        return
    lost = [name for name in TASK_ROUTES if name not in routes]
    if lost:
        said = f"task_routes lacks {', '.join(lost[:3])}{' and more' if len(lost) > 3 else ''}"
        yield Check("task_routes", Verdict.STOP, str(len(lost)), said, "take config.queues.TASK_ROUTES and add to it")
    for name, route in TASK_ROUTES.items():
        other = routes.get(name, route)
        if other != route:
            said = f"{name} is sent to {_queue(other)} instead of {route['queue']}"
            yield Check("task_routes", Verdict.WARN, "", said, "see that a worker listens there, in order of urgency")


def _queue(route: Any) -> str:
    return str(route.get("queue", route)) if isinstance(route, Mapping) else str(route)
