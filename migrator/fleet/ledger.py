"""The ledger: executions and what became of each of their targets. It is the truth; everything else mirrors it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row

from migrator.errors import UnknownExecution
from migrator.fleet.store import first, rows, run
from migrator.model.execution import Claim, ExecutionState, Outcome, Standing
from migrator.model.plan import Plan
from migrator.model.version import Version

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


def open_execution(
    connection: Connection,
    execution_id: str,
    plan: Plan,
    *,
    requested_by: str,
    to_version: Version | None = None,
    folders: Mapping[str, str],
) -> bool:
    """Write an execution and its targets; False when the execution is there already, then nothing is written.

    ``folders`` has the digest of each folder the plan was made with, by scope.
    """
    opened = first(
        connection,
        "open_execution",
        id=execution_id,
        requested_by=requested_by,
        to_version=str(to_version) if to_version else None,
        folders=json.dumps(dict(folders)),
        waves=plan.waves,
        total=len(plan.targets),
        skipped=plan.current,
    )
    if opened and plan.targets:
        _add_outcomes(connection, execution_id, plan)
    return opened is not None


def _add_outcomes(connection: Connection, execution_id: str, plan: Plan) -> None:
    targets = [planned.target for planned in plan.targets]
    run(
        connection,
        "add_outcomes",
        execution_id=execution_id,
        databases=[target.database_id for target in targets],
        schemas=[target.schema_name for target in targets],
        tenants=[target.tenant_id for target in targets],
        scopes=[target.scope.value for target in targets],
        waves=[planned.wave for planned in plan.targets],
    )


def execution(connection: Connection, execution_id: str) -> Row[Any]:
    """An execution's row, its event's type and status, and ``seconds`` since that came in. Raises UnknownExecution."""
    found = first(connection, "execution", id=execution_id)
    if found is None:
        raise UnknownExecution(execution=execution_id)
    return found


def has_execution(connection: Connection, execution_id: str) -> bool:
    """Whether the ledger has this execution."""
    return first(connection, "execution", id=execution_id) is not None


def executions(connection: Connection, most: int = 20) -> Sequence[Row[Any]]:
    """Executions with the type of their event, newest first."""
    return rows(connection, "executions", most=most)


def standing(connection: Connection, execution_id: str) -> Standing | None:
    """An execution counted, its row locked until the transaction ends; None when there is no such execution."""
    if first(connection, "lock_execution", id=execution_id) is None:
        return None
    return glance(connection, execution_id)


def glance(connection: Connection, execution_id: str) -> Standing:
    """An execution counted, without a lock."""
    row = first(connection, "standing", id=execution_id)
    if row is None:
        raise UnknownExecution(execution=execution_id)
    return Standing(
        state=ExecutionState(row.state),
        wave=row.wave,
        waves=row.waves,
        pending=row.pending,
        held=row.held,
        failed=row.failed,
        quiet_seconds=float(row.quiet_seconds),
        drives=row.drives,
    )


def note_wave_sent(connection: Connection, execution_id: str, wave: int) -> None:
    """The execution has moved on to this wave."""
    run(connection, "send_wave", id=execution_id, wave=wave)


def note_sent_again(connection: Connection, execution_id: str) -> None:
    """The execution's wave goes out once more."""
    run(connection, "send_again", id=execution_id)


def free_targets(connection: Connection, execution_id: str, wave: int) -> dict[str, int]:
    """How many targets of a wave are free, by database; databases without any are left out."""
    return {row.database_id: row.free for row in rows(connection, "free_targets", id=execution_id, wave=wave)}


def claim(connection: Connection, claimer: Claimer, most: int) -> list[Claim]:
    """Claim up to ``most`` free targets of a lane's database, in the order of their schemas' names."""
    found = rows(
        connection,
        "claim",
        execution_id=claimer.execution_id,
        database_id=claimer.database_id,
        wave=claimer.wave,
        holder=claimer.holder,
        seconds=claimer.lease_seconds,
        most=most,
        share=2 * claimer.lanes,
    )
    claims = [Claim(row.database_id, row.schema_name, row.fence, row.tenant_id) for row in found]
    return sorted(claims, key=lambda claim: claim.schema_name)


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


def give_back(connection: Connection, claimer: Claimer) -> int:
    """Free what a lane has claimed and not worked on; says how many."""
    return run(
        connection,
        "give_back",
        execution_id=claimer.execution_id,
        database_id=claimer.database_id,
        holder=claimer.holder,
    )


def write_outcomes(connection: Connection, execution_id: str, outcomes: Sequence[Outcome]) -> int:
    """Write those outcomes whose fence still holds, and count them along; says how many they were."""
    found = first(
        connection,
        "write_outcomes",
        execution_id=execution_id,
        outcomes=json.dumps([_outcome_row(outcome) for outcome in outcomes]),
    )
    if found is None:
        raise UnknownExecution(execution=execution_id)
    return int(found.written)


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


def finish(connection: Connection, execution_id: str, state: ExecutionState, reason: str | None = None) -> None:
    """The execution came to its end; nothing happens when it had ended before."""
    run(connection, "finish_execution", id=execution_id, state=state.value, reason=reason)


def outcomes(connection: Connection, execution_id: str, most: int = 1000) -> Sequence[Row[Any]]:
    """What became of the targets, in the order of waves."""
    return rows(connection, "outcomes", id=execution_id, most=most)


def failures(connection: Connection, execution_id: str, most: int = 100) -> Sequence[Row[Any]]:
    """The targets that failed."""
    return rows(connection, "failures", id=execution_id, most=most)


def summed(connection: Connection, execution_id: str) -> Row[Any]:
    """Targets done, failed, running and changed, and migrations applied, counted from the outcomes."""
    found = first(connection, "summed", id=execution_id)
    if found is None:
        raise UnknownExecution(execution=execution_id)
    return found


def open_executions(connection: Connection, rest: float) -> Sequence[Row[Any]]:
    """Executions (id; type, priority and status of their event) that run and were not nudged for ``rest`` seconds."""
    return rows(connection, "open_executions", rest=rest)


def nudge(connection: Connection, execution_id: str) -> None:
    """The execution's event is being sent again; leave it alone for a while."""
    run(connection, "nudge", id=execution_id)


def _outcome_row(outcome: Outcome) -> dict[str, Any]:
    failure = outcome.failure
    return {
        "database_id": outcome.claim.database_id,
        "schema_name": outcome.claim.schema_name,
        "fence": outcome.claim.fence,
        "state": outcome.state.value,
        "from_version": outcome.from_version,
        "to_version": outcome.to_version,
        "applied": list(outcome.applied),
        "seconds": outcome.seconds,
        "sqlstate": failure.sqlstate if failure else None,
        "error_message": failure.message if failure else None,
        "script": failure.script if failure else None,
        "line": failure.line if failure else None,
        "statement": failure.statement[:LONGEST_STATEMENT] if failure and failure.statement else None,
    }
