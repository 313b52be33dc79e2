"""What the ledger counts for metrics; each question is cheap however much is stored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from migrator.fleet.store import rows
from migrator.model.performance import LATENCY_BOUNDS


def executions(connection: Connection) -> Sequence[Row[Any]]:
    """``number`` by ``kind`` and ``state``."""
    return rows(connection, "executions_by_state")


def targets(connection: Connection) -> Sequence[Row[Any]]:
    """``number`` by ``scope``, ``database_id`` and ``state`` of the outcome, over all executions."""
    return rows(connection, "targets_by_outcome")


def durations(connection: Connection) -> Sequence[Row[Any]]:
    """``seconds`` in all and ``buckets`` by ``scope`` and ``database_id``."""
    return rows(connection, "durations")


def events(connection: Connection) -> Sequence[Row[Any]]:
    """``number`` by ``type`` and ``status``, of those that are not completed."""
    return rows(connection, "events_by_status")


def latencies(connection: Connection, after: datetime | None) -> Sequence[Row[Any]]:
    """Events completed after a moment, by ``type``, ``bucket`` and ``is_settled``: number, seconds, retries."""
    return rows(connection, "latencies", after=after, bounds=list(LATENCY_BOUNDS))


def tenants(connection: Connection) -> Sequence[Row[Any]]:
    """``number`` of active tenants by ``database_id``."""
    return rows(connection, "tenants_by_database")
