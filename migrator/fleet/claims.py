"""Claims on targets: taken with a lease, renewed while somebody is at work, void once another took over."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Row

from migrator.errors import UnknownExecution
from migrator.fleet.store import first, rows, run
from migrator.model.execution import Claim, Loss, Outcome
from migrator.model.performance import DURATION_BOUNDS, Lap, added_up

LONGEST_STATEMENT = 2000


@dataclass(frozen=True, slots=True)
class Claimer:
    """A lane of one execution on one database, as the ledger knows it."""

    execution_id: str
    database_id: str
    wave: int
    holder: str
    lease_seconds: float
    lanes: int = 1
    """How many lanes share the database's targets."""


@dataclass(frozen=True, slots=True)
class Written:
    """What the ledger answers to outcomes."""

    count: int
    """Outcomes whose fence still held."""
    goes_on: bool
    """Whether more targets may be worked on: neither paused nor over the budget, and inside the window."""


def claim(connection: Connection, claimer: Claimer, most: int) -> list[Claim]:
    """Claim up to ``most`` free targets of a lane's database, in the order of the plan.

    One that a lost worker had is claimed alone and first.
    """
    found = rows(connection, "claim", **claim_wanted(claimer, most))
    ordered = sorted(found, key=lambda row: (row.position, row.schema_name))
    return [_claim(row) for row in ordered]


def claim_wanted(claimer: Claimer, most: int) -> dict[str, Any]:
    """What ``claim`` is asked with."""
    return {
        "execution_id": claimer.execution_id,
        "database_id": claimer.database_id,
        "wave": claimer.wave,
        "holder": claimer.holder,
        "seconds": claimer.lease_seconds,
        "most": most,
        "share": 2 * claimer.lanes,
    }


def renew(connection: Connection, claimer: Claimer) -> None:
    """Push the end of all leases of a lane into the future."""
    run(
        connection,
        "renew",
        execution_id=claimer.execution_id,
        database_id=claimer.database_id,
        holder=claimer.holder,
        seconds=claimer.lease_seconds,
    )


def give_back(connection: Connection, claimer: Claimer, tried: Sequence[Claim] = ()) -> int:
    """Free what a lane has claimed and not finished, and count the try of those that it had begun; says how many."""
    return run(
        connection,
        "give_back",
        execution_id=claimer.execution_id,
        database_id=claimer.database_id,
        holder=claimer.holder,
        schemas=[claim.schema_name for claim in tried],
        stages=[claim.stage for claim in tried],
    )


def lose(connection: Connection, holders: str, *, died: bool) -> Sequence[Row[Any]]:
    """End the leases of all holders whose names begin so; returns id, type and priority of the events to send on.

    ``died``: against the target that it had alone it counts that a worker died, not that it was stopped.
    """
    return rows(connection, "lose", holders=holders, died=died)


def let_go(connection: Connection, execution_id: str) -> int:
    """Free what lost workers left of an execution that has ended; says how many targets that are."""
    return run(connection, "let_go", execution_id=execution_id)


def write_outcomes(connection: Connection, execution_id: str, outcomes: Sequence[Outcome]) -> Written:
    """Write those outcomes whose fence still holds, and count them along."""
    found = first(connection, "write_outcomes", **outcomes_written(execution_id, outcomes))
    if found is None:
        raise UnknownExecution(execution=execution_id)
    return Written(int(found.written), bool(found.goes_on))


def outcomes_written(execution_id: str, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """What ``write_outcomes`` writes."""
    return {
        "execution_id": execution_id,
        "outcomes": json.dumps([_outcome_row(outcome) for outcome in outcomes]),
        "bounds": list(DURATION_BOUNDS),
        "costs": json.dumps(_costs(outcomes)),
    }


def fail_free(connection: Connection, claimer: Claimer, sentence: str) -> None:
    """Fail every free target of the lane's database in its wave, unless another lane is at work there."""
    run(
        connection,
        "fail_free",
        execution_id=claimer.execution_id,
        database_id=claimer.database_id,
        wave=claimer.wave,
        error_message=sentence,
    )


def _claim(row: Row[Any]) -> Claim:
    losses = tuple(Loss(each["worker"], each["at"], bool(each["alone"])) for each in row.losses)
    known = (row.database_id, row.schema_name, row.fence, row.tenant_id, row.stage, row.number)
    return Claim(*known, losses, row.taken_from)


def _outcome_row(outcome: Outcome) -> dict[str, Any]:
    row = asdict(outcome)
    del row["laps"]
    claimed, failure = row.pop("claim"), row.pop("failure") or {}
    message, statement = failure.pop("message", None), failure.pop("statement", None)
    return {
        **row,
        **failure,
        "database_id": claimed["database_id"],
        "schema_name": claimed["schema_name"],
        "stage": claimed["stage"],
        "fence": claimed["fence"],
        "applied": list(outcome.applied),
        "error_message": message,
        "statement": statement[:LONGEST_STATEMENT] if statement else None,
    }


def _costs(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """What the migrations of these outcomes cost, added up for each database and file."""
    laps: dict[tuple[str, str], list[Lap]] = {}
    for outcome in outcomes:
        for lap in outcome.laps:
            laps.setdefault((outcome.claim.database_id, lap.script), []).append(lap)
    return [
        {"database_id": database, "script": script, **added_up(found)} for (database, script), found in laps.items()
    ]
