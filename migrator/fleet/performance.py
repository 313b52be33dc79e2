"""What migrations cost, as the ledger has it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row

from migrator.fleet.store import rows
from migrator.model.performance import MOST_COMPARED, Cost, median_of


def costs(connection: Connection, execution_id: str) -> list[Cost]:
    """Each migration in each database of an execution, compared with the runs before, the dearest first.

    Those in the same database where there are any, else those in others of its kind.
    """
    before = rows(connection, "costs_before", id=execution_id, most=MOST_COMPARED)
    there = _medians(before, lambda row: (row.script, row.database_id))
    anywhere = _medians(before, lambda row: row.script)
    found = rows(connection, "costs", id=execution_id)
    return [_cost(r, there.get((r.script, r.database_id), anywhere.get(r.script))) for r in found]


def costs_of_migration(connection: Connection, name: str, most: int = 50) -> list[tuple[Row[Any], Cost]]:
    """The runs of one migration, named by its file or its version, the latest first; each row has execution_id and
    created_at.
    """
    escaped = name.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    found = rows(connection, "costs_of_script", name=name, likeness=f"V{escaped}\\_\\_%", most=most)
    return [(row, _cost(row, None)) for row in found]


def times(connection: Connection, execution_id: str) -> Sequence[Row[Any]]:
    """By database: targets, least, median, most and sum of seconds of the targets that are done; refused and waited."""
    return rows(connection, "times", id=execution_id)


def slowest(connection: Connection, execution_id: str, most: int = 5) -> Sequence[Row[Any]]:
    """The targets that took longest."""
    return rows(connection, "slowest", id=execution_id, most=most)


def _cost(row: Row[Any], before: float | None) -> Cost:
    median = median_of(row.buckets, row.least, row.most)
    wal, written = (int(n) if n is not None else None for n in (row.wal, row.rows))
    return Cost(
        row.script, row.database_id, row.targets, row.least, median, row.most, row.seconds, written, wal, before
    )


def _medians(found: Iterable[Row[Any]], key: Any) -> dict[Any, float]:
    groups: dict[Any, list[Row[Any]]] = {}
    for row in found:
        groups.setdefault(key(row), []).append(row)
    return {name: _together(group) for name, group in groups.items()}


def _together(group: Sequence[Row[Any]]) -> float:
    buckets = [sum(column) for column in zip(*(row.buckets for row in group), strict=True)]
    return median_of(buckets, min(row.least for row in group), max(row.most for row in group))
