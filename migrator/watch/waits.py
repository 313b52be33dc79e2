"""Why an execution does not go on, in sentences."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row

from migrator.fleet import breakers, gate
from migrator.model.execution import ExecutionState


def waits(connection: Connection, row: Row[Any]) -> list[dict[str, Any]]:
    """Why an execution does not go on, or goes on slowly: each with what it is and a sentence."""
    said = []
    if row.waits_for and row.state == ExecutionState.PENDING:
        said.append(
            {
                "what": "execution",
                "sentence": "waits for an execution that has some of the same targets",
                "execution": row.waits_for,
            }
        )
    if row.due_at and row.state == ExecutionState.PLANNED:
        said.append({"what": "window", "sentence": "waits for its window", "until": row.due_at.isoformat()})
    if row.due_at and row.state == ExecutionState.SOAKING:
        said.append({"what": "soak", "sentence": "soaks: the next wave waits", "until": row.due_at.isoformat()})
    if row.finished_at is None:
        said += _closed_ways(connection, row.id)
    return said


def _closed_ways(connection: Connection, execution_id: str) -> list[dict[str, Any]]:
    stopped = [found for found in gate.noticed(connection, execution_id) if found[1]]
    said = [
        {"what": "gate", "database": database, "sentence": "; ".join(c.told for c in checks if c.verdict == "stop")}
        for database, _, checks in stopped
    ]
    return said + [
        {
            "what": "breaker",
            "database": found.database_id,
            "since": found.at.isoformat(),
            "sentence": f"its breaker is {found.state}: {found.reason}",
        }
        for found in breakers.of_execution(connection, execution_id)
    ]
