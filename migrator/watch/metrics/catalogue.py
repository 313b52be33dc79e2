"""Every metric by its name, its kind, its labels and what it says. No label names a tenant or a schema."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """Of a metric, in Prometheus' words."""

    GAUGE = "gauge"
    COUNTER = "counter"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric, by the name under which Prometheus stores it."""

    name: str
    kind: Kind
    says: str
    labels: tuple[str, ...] = ()


def _gauge(name: str, says: str, *labels: str) -> Metric:
    return Metric(name, Kind.GAUGE, says, labels)


METRICS = (
    _gauge("migrator_build_info", "Always 1; the release that answers.", "version"),
    _gauge("migrator_control_database_up", "Whether the control database answered, 1 or 0."),
    _gauge("migrator_executions", "Executions in the ledger by kind and state.", "kind", "state"),
    _gauge(
        "migrator_targets",
        "Targets of all executions by what became of them: pending, running, failed, done.",
        "scope",
        "database",
        "outcome",
    ),
    Metric(
        "migrator_target_duration_seconds",
        Kind.HISTOGRAM,
        "How long targets took that are done.",
        ("scope", "database"),
    ),
    _gauge("migrator_events", "Stored events by type and status.", "type", "status"),
    Metric(
        "migrator_event_latency_seconds",
        Kind.HISTOGRAM,
        "From when an event was stored, or was due, to its completion.",
        ("type",),
    ),
    Metric("migrator_event_retries_total", Kind.COUNTER, "How often completed events were tried again.", ("type",)),
    _gauge("migrator_event_oldest_age_seconds", "For how long the oldest event is due that nobody has taken up."),
    _gauge("migrator_queue_messages", "Messages that wait in a queue.", "queue"),
    _gauge("migrator_queue_oldest_message_age_seconds", "Age of the message that is next in a queue.", "queue"),
    _gauge("migrator_workers", "Workers that take from a queue.", "queue"),
    _gauge("migrator_breaker_state", "1 for the state that a database's breaker is in, else 0.", "database", "state"),
    _gauge("migrator_leases", "Claims on targets, live or expired.", "state"),
    _gauge("migrator_tenants", "Registered tenants by database.", "database"),
    _gauge("migrator_tenants_behind", "Tenants that lack migrations of the folder.", "database"),
    _gauge("migrator_tenant_version_lag", "Migrations between the oldest and the newest version of a tenant."),
    _gauge("migrator_database_up", "Whether a database said which versions it holds, 1 or 0.", "database"),
    _gauge("migrator_snapshots", "Snapshots that are kept.", "database"),
    _gauge("migrator_snapshot_bytes", "Size of the snapshots that are kept.", "database"),
    _gauge("migrator_alerts_open", "Alerts that are not resolved.", "rule", "severity"),
    _gauge("migrator_relay_lag_seconds", "For how long the oldest published event could have been sent."),
    _gauge("migrator_relay_unsent_events", "Published events that the relay could send now."),
    _gauge("migrator_beat_age_seconds", "Since beat was last seen."),
    _gauge("migrator_fleet_age_seconds", "Since databases, snapshots and workers were last asked."),
)

BY_NAME = {metric.name: metric for metric in METRICS}
EVERY_NAME = frozenset(
    name + ending
    for name, metric in BY_NAME.items()
    for ending in (("_bucket", "_sum", "_count") if metric.kind is Kind.HISTOGRAM else ("",))
)
"""As they stand in queries."""
