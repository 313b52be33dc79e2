"""Samples from the control database."""

from __future__ import annotations

from sqlalchemy import Connection

from migrator.fleet import breakers, health, metrics, registry
from migrator.model.breaker import BreakerState
from migrator.model.performance import DURATION_BOUNDS, LATENCY_BOUNDS
from migrator.watch.metrics.latency import Latencies
from migrator.watch.metrics.page import Samples


def read_ledger(connection: Connection, latencies: Latencies, samples: Samples) -> None:
    """Everything that one look at the control database tells."""
    _executions(connection, samples)
    _events(connection, latencies, samples)
    _breakers(connection, samples)
    _rhythm(connection, samples)


def _executions(connection: Connection, samples: Samples) -> None:
    for row in metrics.executions(connection):
        samples.add("migrator_executions", row.number, kind=row.kind, state=row.state)
    for row in metrics.targets(connection):
        labels = {"scope": row.scope, "database": row.database_id, "outcome": row.state}
        samples.add("migrator_targets", row.number, **labels)
    for row in metrics.durations(connection):
        samples.add_histogram(
            "migrator_target_duration_seconds",
            DURATION_BOUNDS,
            row.buckets,
            row.seconds,
            scope=row.scope,
            database=row.database_id,
        )
    leases = health.leases(connection, 0.0)
    for state in ("live", "expired"):
        samples.add("migrator_leases", getattr(leases, state), state=state)
    for row in metrics.tenants(connection):
        samples.add("migrator_tenants", row.number, database=row.database_id)


def _events(connection: Connection, latencies: Latencies, samples: Samples) -> None:
    for row in metrics.events(connection):
        samples.add("migrator_events", row.number, type=row.type, status=row.status)
    for type_, tally in sorted(latencies.read(connection).items()):
        samples.add("migrator_events", tally.count, type=type_, status="completed")
        samples.add("migrator_event_retries_total", tally.retries, type=type_)
        samples.add_histogram(
            "migrator_event_latency_seconds", LATENCY_BOUNDS, tally.buckets, tally.seconds, type=type_
        )
    samples.add("migrator_event_oldest_age_seconds", health.waiting_events(connection).seconds)


def _breakers(connection: Connection, samples: Samples) -> None:
    known = breakers.last_changes(connection)
    for database in registry.databases(connection):
        now = known[database.id].state if database.id in known else BreakerState.CLOSED
        for state in BreakerState:
            samples.add("migrator_breaker_state", state == now, database=database.id, state=state.value)


def _rhythm(connection: Connection, samples: Samples) -> None:
    if (beat := health.beat(connection)) is not None:
        samples.add("migrator_beat_age_seconds", beat.seconds)
    if (unsent := health.unsent(connection)) is not None:
        samples.add("migrator_relay_lag_seconds", unsent.seconds)
        samples.add("migrator_relay_unsent_events", unsent.waiting)
    for row in health.alerts_open(connection):
        samples.add("migrator_alerts_open", row.number, rule=row.rule, severity=row.severity)
