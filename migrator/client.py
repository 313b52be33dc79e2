"""The nine events for applications that have a ``tasks`` or ``config`` of their own.

``from migrator.client import tenant_created`` gives the same ``.delay()`` as ``from tasks import
tenant_created`` and imports neither package; only the broker's URL is needed. It is read from
MIGRATOR_BROKER_URL when the first event is sent, unless ``connect`` was called before.

``publish`` needs no broker: it stores an event in the control database, in the application's own transaction.

``ready("7", "12")`` says whether an application may take it for granted that tenant 7 is at version 12. It asks the
control database, whose URL is read from MIGRATOR_CONTROL_URL unless it is given.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from celery import Celery
from celery.result import AsyncResult
from kombu import Queue

from migrator.errors import BadPayload, SettingsMissing
from migrator.model.event import EventType, Priority
from migrator.model.publication import SQL_TYPES, event_type, publication
from migrator.wire.answers import forget_answer
from migrator.wire.form import MESSAGE_LIMIT
from migrator.wire.signing import settings_of, sign_only

if TYPE_CHECKING:
    from migrator.fleet.store import Store
    from migrator.model.readiness import Readiness

_SIGNING = ("KEY", "CERTIFICATE", "PASSPHRASE")
_connected: list[Celery] = []
_stores: dict[tuple[int, str], Store] = {}


def connect(broker_url: str, result_backend: str | None = None) -> Celery:
    """Send events through this broker from now on; results are read from the backend, or not at all.

    Both are URLs as Celery takes them. Nothing is connected yet: an unreachable broker is kombu's OperationalError
    where an event is sent. Raises SettingsMissing, SigningExtraMissing and SigningFailed where the environment asks for
    signed messages that cannot be made. Limits of the environment (MIGRATOR_MESSAGE_LIMIT, bytes) are read here, once.
    """
    outgoing = "migrator.wire.outgoing:Outgoing"
    app = Celery("migrator.client", broker=broker_url, backend=result_backend, amqp=outgoing, set_as_current=False)
    app.conf.update(accept_content=["json"], task_serializer="json", result_serializer="json")
    app.conf.update(migrator_message_limit=int(os.environ.get("MIGRATOR_MESSAGE_LIMIT", MESSAGE_LIMIT)))
    _sign(app)
    app.conf.update(broker_read_url=broker_url, broker_write_url=broker_url)  # else CELERY_BROKER_URL would win
    _connected[:] = [app]
    return app


def _sign(app: Celery) -> None:
    """With the key of the environment's MIGRATOR_SIGNING_KEY and its certificate; without one nothing is signed."""
    key, certificate, passphrase = (os.environ.get(f"MIGRATOR_SIGNING_{name}") for name in _SIGNING)
    if not key:
        return
    if not certificate:
        raise SettingsMissing(what="the certificate that belongs to the key", variable="MIGRATOR_SIGNING_CERTIFICATE")
    app.conf.update(settings_of(key, certificate, None, passphrase))
    sign_only(app)


def app() -> Celery:
    """The Celery application that events are sent with, for its ``AsyncResult``: connected by ``connect``, or else now.

    Raises SettingsMissing without a broker, and what ``connect`` raises.
    """
    if not _connected:
        broker = os.environ.get("MIGRATOR_BROKER_URL") or os.environ.get("CELERY_BROKER_URL")
        if not broker:
            raise SettingsMissing(what="the broker", variable="MIGRATOR_BROKER_URL")
        named = os.environ.get("MIGRATOR_RESULT_BACKEND") or os.environ.get("CELERY_RESULT_BACKEND")
        connect(broker, named or (broker if broker.startswith(("redis", "rediss", "valkey")) else None))
    return _connected[0]


def ready(tenant_id: str, version: str, *, control_url: str | None = None) -> bool:
    """May I take it for granted that this tenant is at this version, or a newer one? Errors as ``readiness``.

    One query on the control database, see there. False where the ledger does not know, a tenant that was adopted say
    and that no execution has looked at: maintenance of the type validate makes all of them known.
    """
    return readiness(tenant_id, version, control_url=control_url).is_ready


def readiness(tenant_id: str, version: str | None = None, *, control_url: str | None = None) -> Readiness:
    """The same with what is known: state, version, execution, and since when.

    One statement by primary keys on a pooled connection, from the newest execution backwards to the last that had this
    tenant: a millisecond where that is among the newest hundred, about 8 milliseconds more for each thousand since
    (2 cores). Says what our executions did; a schema that another tool changed since is not looked at. Raises
    UnknownTenant, BadVersion, SettingsMissing, and ControlDatabaseUnreachable, which passes.
    """
    from migrator.fleet import readiness as asked

    with _store(control_url).begin() as connection:
        return asked.look(connection, tenant_id, version)


def _store(control_url: str | None) -> Store:
    """Connections of this process only: a forked child must not share its parent's."""
    from migrator.fleet.store import Store

    url = control_url or os.environ.get("MIGRATOR_CONTROL_URL")
    if not url:
        raise SettingsMissing(what="the control database", variable="MIGRATOR_CONTROL_URL")
    key = (os.getpid(), url)
    if key not in _stores:
        _stores[key] = Store(url)
    return _stores[key]


class EventSender:
    """Sends events of one type, called as a Celery task is called."""

    def __init__(self, type_: EventType) -> None:
        self.type = type_
        self.name = type_.task_name

    def delay(self, **payload: Any) -> AsyncResult:
        """Send an event. Its fields are checked by the worker; a mistake comes back as the result's exception.

        Raises what ``apply_async`` raises.
        """
        return self.apply_async(kwargs=payload)

    def apply_async(
        self,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        *,
        task_id: str | None = None,
        queue: str | None = None,
        max_retries: int | None = None,
        **options: Any,
    ) -> AsyncResult:
        """Send an event with Celery's options; the same ``task_id`` is the same event and is carried out once.

        ``max_retries``: how often it is tried again, unless the workers' setting of that name is to decide. Raises
        BadPayload for fields by position, MessageTooLarge, and kombu's OperationalError while broker or backend
        are away.
        """
        if args:
            raise BadPayload(type=self.type.value, reason="give the fields by name, not by position")
        if task_id:
            forget_answer(app(), task_id)
        options["headers"] = {**(options.get("headers") or {}), "sent_at": time.time()}
        if max_retries is not None:
            options["headers"]["max_retries"] = max_retries
        chosen = _named(queue or self.type.priority.value)
        return app().send_task(self.name, kwargs=dict(kwargs or {}), task_id=task_id, queue=chosen, **options)

    def __repr__(self) -> str:
        return f"<events of type {self.type.value}>"


def _named(queue: str) -> str | Queue:
    """On RabbitMQ the queue as the workers declared it: declaring it otherwise would be refused."""
    if app().conf.broker_write_url.startswith(("amqp", "pyamqp")):
        return Queue(queue, exchange="", routing_key=queue, no_declare=True)
    return queue


database_created = EventSender(EventType.DATABASE_CREATED)
database_updated = EventSender(EventType.DATABASE_UPDATED)
database_deleted = EventSender(EventType.DATABASE_DELETED)
tenant_created = EventSender(EventType.TENANT_CREATED)
tenant_updated = EventSender(EventType.TENANT_UPDATED)
tenant_deleted = EventSender(EventType.TENANT_DELETED)
maintenance_scheduled = EventSender(EventType.MAINTENANCE_SCHEDULED)
migration_requested = EventSender(EventType.MIGRATION_REQUESTED)
rollback_requested = EventSender(EventType.ROLLBACK_REQUESTED)


def publish(
    connection: Any,
    event: EventSender | EventType | str,
    payload: Mapping[str, Any],
    *,
    id: str | None = None,
    priority: Priority | str | None = None,
    scheduled_at: datetime | None = None,
    correlation_id: str | None = None,
    triggered_by: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    max_retries: int | None = None,
) -> str:
    """Store an event in the caller's transaction on the control database; it is sent once that has committed.

    ``connection``: a Session or Connection of SQLAlchemy, or a connection of psycopg2, psycopg or Django.
    ``event``: ``tenant_created`` of this module, or the name of the type, ``"tenant.created"``.
    ``scheduled_at``: not to be carried out before; without a time zone it is UTC.

    Returns the event's id; the same ``id`` again stores nothing. Raises BadPayload and UnknownEventType before
    anything is stored, and the driver's error for what the database refuses.
    """
    type_ = event.type if isinstance(event, EventSender) else event_type(event)
    options = {
        "id": id,
        "priority": priority,
        "scheduled_at": scheduled_at,
        "correlation_id": correlation_id,
        "triggered_by": triggered_by,
        "metadata": metadata,
        "max_retries": max_retries,
    }
    return _call(connection, publication(type_, payload, options))


def _call(connection: Any, values: Mapping[str, Any]) -> str:
    """Call the function in SQL, by SQLAlchemy or by the driver's own cursor."""
    if not hasattr(connection, "cursor"):
        from sqlalchemy import text  # the application has it, we need not

        return str(connection.execute(text(_statement(":{}")), values).scalar_one())
    with connection.cursor() as cursor:
        cursor.execute(_statement("%({})s"), values)
        row = cursor.fetchone()
    return str(row["id"] if isinstance(row, Mapping) else row[0])


def _statement(placeholder: str) -> str:
    given = ", ".join(f"{name} => CAST({placeholder.format(name)} AS {type_})" for name, type_ in SQL_TYPES.items())
    return f"SELECT migrator.publish({given}) AS id"
