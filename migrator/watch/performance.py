"""What an execution cost: by database, by migration, and the slowest of its targets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row

from migrator.fleet import performance
from migrator.model.performance import NOTABLY
from migrator.watch.progress import spoken_seconds

MOST_MIGRATIONS = 50
MOST_SLOWEST = 5
_UNITS = ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"))


def performance_of(connection: Connection, execution_id: str) -> dict[str, Any]:
    """Plain values: ``databases``, ``migrations`` and ``slowest``, each the dearest first; durations are seconds."""
    return {
        "databases": [_times(row) for row in performance.times(connection, execution_id)],
        "migrations": [cost.as_row() for cost in performance.costs(connection, execution_id)[:MOST_MIGRATIONS]],
        "slowest": [_target(row) for row in performance.slowest(connection, execution_id, MOST_SLOWEST)],
    }


def runs_of(connection: Connection, migration: str) -> list[dict[str, Any]]:
    """What one migration cost in each execution and database, the latest first."""
    found = performance.costs_of_migration(connection, migration)
    return [{"execution": row.execution_id, "at": row.created_at.isoformat(), **cost.as_row()} for row, cost in found]


def slower(found: Mapping[str, Any]) -> list[str]:
    """A line for each migration that took notably longer than before, and for each database that waited for locks."""
    said = [
        f"{each['script']} in {each['database']} took {spoken(each['median'])} in the median, "
        f"{each['ratio']:.1f} times as long as before"
        for each in found.get("migrations", ())
        if (each["ratio"] or 0) >= NOTABLY
    ]
    return said + [
        f"{each['database']} refused {each['refused']} tries for now, {spoken(each['waited'])} were lost to locks"
        for each in found.get("databases", ())
        if each["refused"]
    ]


def sentences(found: Mapping[str, Any], most: int = 5) -> list[str]:
    """The section for people: databases, the dearest migrations, the slowest targets."""
    said = [f"  {each['database']}: {_spread(each)}" for each in found["databases"][:most]]
    for each in found["migrations"][:most]:
        said.append(f"  {each['script']} in {each['database']}: {_spread(each)}" + _written(each) + _compared(each))
    if len(found["databases"]) and found["databases"][0]["count"] > 1:
        slowest = (f"{each['database']}/{each['schema']} {spoken(each['seconds'])}" for each in found["slowest"])
        said.append("  slowest: " + ", ".join(slowest))
    return said


def spoken(seconds: float) -> str:
    """A duration, also a short one: 3.2 ms, 40s."""
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else spoken_seconds(seconds)


def spoken_bytes(number: int) -> str:
    """A size a person reads at a glance."""
    unit, name = next(((unit, name) for unit, name in _UNITS if number >= unit), (1, "B"))
    return f"{number / unit:.1f}".removesuffix(".0") + f" {name}"


def _spread(each: Mapping[str, Any]) -> str:
    least, median, most = (spoken(each[name]) for name in ("least", "median", "most"))
    return f"{each['count']} targets, {least} to {most}, median {median}"


def _written(each: Mapping[str, Any]) -> str:
    rows = "" if each["rows"] is None else f", {each['rows']} rows"
    return rows + ("" if each["wal"] is None else f", {spoken_bytes(each['wal'])} of log")


def _compared(each: Mapping[str, Any]) -> str:
    return "" if each["ratio"] is None else f", x{each['ratio']:.2f} of before"


def _times(row: Row[Any]) -> dict[str, Any]:
    numbers = {name: round(float(getattr(row, name)), 6) for name in ("least", "median", "most", "seconds", "waited")}
    return {"database": row.database_id, "count": row.targets, **numbers, "refused": int(row.refused)}


def _target(row: Row[Any]) -> dict[str, Any]:
    return {
        "database": row.database_id,
        "schema": row.schema_name,
        "tenant": row.tenant_id,
        "seconds": round(row.seconds, 6),
        "refused": row.refused,
        "waited": round(row.waited, 6),
        "applied": row.applied,
    }
