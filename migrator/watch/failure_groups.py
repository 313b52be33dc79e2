"""What failed in an execution, grouped by error, each with the command that tries it again."""

from __future__ import annotations

import re
import shlex
from typing import Any

from sqlalchemy import Connection, Row

from migrator.fleet import ledger
from migrator.model.execution import Work
from migrator.watch.report import group_facts

MOST_GROUPS = 20
MOST_NAMED = 20
"""Tenants in a command; more than that are not named one by one."""

_PLACE = re.compile(r"^\S+ failed in schema \S+ with SQLSTATE \S+: ")
"""How the sentence of a failed statement begins; the page shows these facts beside it."""


def failure_groups(connection: Connection, row: Row[Any]) -> list[dict[str, Any]]:
    """What failed in the execution of a row of the ledger, the largest group first; of more than 20 the first 20."""
    return [_group(row, found) for found in ledger.failure_groups(connection, row.id, MOST_GROUPS)]


def _group(row: Row[Any], found: Row[Any]) -> dict[str, Any]:
    places = [f"{database}/{schema}" for database, schema in zip(found.databases, found.schemas, strict=True)]
    return group_facts(found) | {
        "error": _PLACE.sub("", found.error),
        "first_at": found.first_at.isoformat(),
        "last_at": found.last_at.isoformat(),
        "targets": places,
        "command": retry_command(row.id, row.kind, row.to_version, found),
    }


def retry_command(execution_id: str, kind: str, to: str | None, found: Any) -> str:
    """The command that tries just the targets of a failure group again, or all that failed where they are many."""
    if kind != Work.MIGRATE or found.count > MOST_NAMED or not all(found.tenants):
        return f"migrator retry {shlex.quote(execution_id)}"
    named = " ".join(f"--tenant {shlex.quote(tenant)}" for tenant in dict.fromkeys(found.tenants))
    return f"migrator migrate --scope tenant {named}" + (f" --to {shlex.quote(to)}" if to else "")
