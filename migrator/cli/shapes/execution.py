"""Executions and events, as commands that follow, steer or list them say it."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from migrator.cli.shapes.shape import Moment, Shape


class Failure(Shape):
    """One target that failed."""

    database: str
    schema_: str | None = Field(alias="schema")
    tenant: str | None
    message: str | None
    sqlstate: str | None
    script: str | None
    line: int | None
    statement: str | None


class FailureGroup(Shape):
    """Failures that have their error in common."""

    count: int
    error: str
    sqlstate: str | None
    script: str | None
    line: int | None
    statement: str | None
    sample: str
    message: str | None


class Report(Shape):
    """How an event ended, or an execution stands. One that started no execution has only what it did."""

    summary: str
    event: str
    execution: str | None = None
    state: str
    repeated: bool = False
    kind: str | None = None
    reason: str | None = None
    options: dict[str, Any] | None = None
    windows: int | None = None
    wave: int | None = None
    waves: int | None = None
    total: int | None = None
    done: int | None = None
    failed: int | None = None
    untouched: int | None = None
    skipped: int | None = None
    changed: int | None = None
    applied: int | None = None
    seconds: float | None = None
    over_budget: bool | None = None
    """Of one that halted: whether more targets failed than may."""
    drifted: list[Any] | None = None
    """Of one that looked for drift: targets that are odd."""
    performance: dict[str, Any] | None = None
    """What it cost, as `migrator performance` has it."""
    failures: list[Failure] = Field(default_factory=list)
    failure_groups: list[FailureGroup] = Field(default_factory=list)
    preflight: list[dict[str, Any]] = Field(default_factory=list)
    pace: list[dict[str, Any]] = Field(default_factory=list)
    breakers: list[dict[str, Any]] = Field(default_factory=list)
    database: str | None = None
    schema_: str | None = Field(None, alias="schema")
    tenant: str | None = None
    from_version: str | None = None
    version: str | None = None
    note: str | None = None
    databases: dict[str, int] | None = None
    """Of a dry run: targets by database."""
    targets: list[Any] | None = None
    refused: list[Any] | None = None
    takes_back: str | None = None


class Action(Shape):
    """Who steered an execution."""

    action: str
    by: str
    at: Moment
    note: str | None


class Shown(Report):
    """The same with who steered it and what takes it back."""

    actions: list[Action]
    rollbacks: list[str]


class Sent(Shape):
    """An event that is not waited for."""

    event: str


class Steered(Shape):
    """What became of the wish to steer an execution."""

    execution: str
    action: str
    state: str
    changed: bool
    summary: str


class Execution(Shape):
    """One execution in a list."""

    id: str
    state: str
    total: int
    done: int
    failed: int
    current: int
    opened: Moment
    requested_by: str


class Event(Shape):
    """One event in a list."""

    id: str
    type: str
    status: str
    unsent: bool
    """Whether the relay has still to send it."""
    retry_count: int
    created_at: Moment
    scheduled_at: Moment | None
    error_message: str | None


class SentAgain(Shape):
    """What became of a dead letter."""

    event: str
    type: str | None
    sent: bool
    summary: str


class Scheduled(Shape):
    """Maintenance that was put into the ledger."""

    event: str
    opens: Moment
    scheduled: bool
    """False where it was there already."""
    summary: str


class MaintenanceEvent(Shape):
    """Scheduled maintenance in a list."""

    id: str
    type: str | None
    state: str
    opens: Moment | None
    minutes: float | None
    databases: list[str]
    by: str | None
    error: str | None


class Recurring(Shape):
    """Maintenance that the settings name."""

    name: str
    type: str
    schedule: str
    minutes: float


class Maintenance(Shape):
    """Both kinds."""

    scheduled: list[MaintenanceEvent]
    recurring: list[Recurring]
