"""Events: something that happened or was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

DEFAULT_MAX_RETRIES = 3


class Priority(StrEnum):
    """How urgent an event is, strictest first; each has the queue of its name."""

    CRITICAL = "critical"
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


class EventType(StrEnum):
    """What can happen or be asked for. The value is stable: it is stored and part of the task's name."""

    DATABASE_CREATED = "database.created"
    DATABASE_UPDATED = "database.updated"
    DATABASE_DELETED = "database.deleted"
    TENANT_CREATED = "tenant.created"
    TENANT_UPDATED = "tenant.updated"
    TENANT_DELETED = "tenant.deleted"
    MAINTENANCE_SCHEDULED = "maintenance.scheduled"
    MIGRATION_REQUESTED = "migration.requested"
    ROLLBACK_REQUESTED = "rollback.requested"

    @property
    def priority(self) -> Priority:
        """The priority an event of this type has unless its caller chooses another queue."""
        return _PRIORITIES.get(self, Priority.NORMAL)

    @property
    def task_name(self) -> str:
        """The Celery task's name, for applications that only know names."""
        return f"migrator.{self.value}"

    @property
    def function_name(self) -> str:
        """The task's name in the package ``tasks``."""
        return self.value.replace(".", "_")


_PRIORITIES = {
    EventType.DATABASE_CREATED: Priority.HIGH,
    EventType.TENANT_CREATED: Priority.HIGH,
    EventType.MAINTENANCE_SCHEDULED: Priority.LOW,
    EventType.ROLLBACK_REQUESTED: Priority.CRITICAL,
}


class EventStatus(StrEnum):
    """Where an event stands."""

    PENDING = "pending"
    PROCESSING = "processing"
    RETRYING = "retrying"
    COMPLETED = "completed"
    FAILED = "failed"

    @property
    def is_end(self) -> bool:
        """Whether the event will not change any more by itself."""
        return self in (EventStatus.COMPLETED, EventStatus.FAILED)


@dataclass(frozen=True)
class Event:
    """One stored event. Its id is the Celery task id and, when it starts an execution, the execution's id."""

    id: str
    type: EventType
    payload: Mapping[str, Any] = field(default_factory=dict)
    priority: Priority = Priority.NORMAL
    status: EventStatus = EventStatus.PENDING
    retry_count: int = 0
    max_retries: int = DEFAULT_MAX_RETRIES
    error_message: str | None = None
    report: Mapping[str, Any] | None = None
    created_at: datetime | None = None
    scheduled_at: datetime | None = None
    """Not to be carried out before."""
    completed_at: datetime | None = None
    triggered_by: str | None = None
    correlation_id: str | None = None
    position: int | None = None
    """Its place in the outbox; None when it came by a message."""
    sent_at: datetime | None = None
    """When the relay last gave it to the broker."""
    exit_code: int = 0
    """For a command that waited for the event: 0 unless it failed."""

    @property
    def is_unsent(self) -> bool:
        """Whether it lies in the outbox and was not sent yet."""
        return self.position is not None and self.sent_at is None and self.status is EventStatus.PENDING
