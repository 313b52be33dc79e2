"""Targets that an execution refuses to touch, written down as failed before its first wave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from migrator.fleet.store import run
from migrator.model.target import Target


@dataclass(frozen=True, slots=True)
class Refusal:
    """A target that is not touched in one stage, and the sentence that says why."""

    target: Target
    stage: int
    reason: str


def refuse(connection: Connection, execution_id: str, refused: Sequence[Refusal]) -> None:
    """Write targets that are not touched; they have no part in waves or failure budget, and a retry takes them up."""
    run(
        connection,
        "refuse_targets",
        execution_id=execution_id,
        databases=[each.target.database_id for each in refused],
        schemas=[each.target.schema_name for each in refused],
        tenants=[each.target.tenant_id for each in refused],
        scopes=[each.target.scope.value for each in refused],
        stages=[each.stage for each in refused],
        reasons=[each.reason for each in refused],
    )
