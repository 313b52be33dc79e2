"""Alerts, what happened, and what the relay sent."""

from __future__ import annotations

from typing import Any

from migrator.cli.shapes.shape import Moment, Shape


class Alert(Shape):
    """Something that is wrong, or was."""

    id: int
    rule: str
    key: str
    severity: str
    state: str
    """Open, silenced or resolved."""
    sentence: str
    facts: dict[str, Any]
    times: int
    first_at: Moment
    last_at: Moment
    resolved_at: Moment | None
    silenced_until: Moment | None
    silenced_by: str | None
    silenced_because: str | None


class AlertChange(Shape):
    """What became of an alert."""

    change: str
    at: Moment
    by: str | None
    note: str | None


class AlertDelivery(Shape):
    """A channel that was told of it."""

    channel: str
    kind: str
    state: str
    tries: int
    error: str | None
    ended_at: Moment | None


class ShownAlert(Alert):
    """The same with all that became of it."""

    changes: list[AlertChange]
    deliveries: list[AlertDelivery]


class Silenced(Shape):
    """Until when nobody is told."""

    alert: int
    silenced_until: Moment
    summary: str


class Unsilenced(Shape):
    """Whether it was silenced."""

    alert: int
    changed: bool
    summary: str


class TriedChannel(Shape):
    """What came of a test through a channel."""

    channel: str
    sent: bool
    error: str | None


class AlertRule(Shape):
    """A rule as the settings have it."""

    rule: str
    on: bool
    severity: str
    thresholds: str | None
    says: str


class Happening(Shape):
    """One thing that happened."""

    at: Moment
    ended_at: Moment | None
    kind: str
    what: str
    sentence: str
    execution: str | None
    database: str | None
    alert: int | None
    by: str | None
    facts: dict[str, Any]


class Relayed(Shape):
    """How many events were sent."""

    sent: int


class HealthCheck(Shape):
    """One question about the installation and its answer."""

    name: str
    health: str
    figure: str
    sentence: str
    advice: str


class Health(Shape):
    """All of them, and the worst."""

    health: str
    checks: list[HealthCheck]


class Sample(Shape):
    """One value of a metric."""

    name: str
    labels: dict[str, str]
    value: float


class Metric(Shape):
    """A metric with its values."""

    name: str
    type: str
    help: str
    samples: list[Sample]


class Performance(Shape):
    """What an execution cost; each list has the dearest first."""

    execution: str
    databases: list[dict[str, Any]]
    migrations: list[dict[str, Any]]
    slowest: list[dict[str, Any]]


class Runs(Shape):
    """What one migration cost in each execution and database, the latest first."""

    migration: str
    runs: list[dict[str, Any]]
