"""Spares as the control database knows them: claimed in one statement, and looked after by one at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row

from migrator.fleet.store import first, rows, run
from migrator.model.spare import Fit, Spare, SpareState


def claim(connection: Connection, database_id: str, digest: str, execution_id: str) -> Spare | None:
    """A spare of a state of the folder for an execution, the same one however often it asks; None when there is none.

    It is the execution's until that says what became of it: ``forget``, ``keep`` or ``fail``.
    """
    found = first(connection, "claim_spare", database_id=database_id, digest=digest, execution_id=execution_id)
    return as_spare(found) if found is not None else None


def keep(connection: Connection, spare: Spare, execution_id: str) -> None:
    """It was not taken and is as it was."""
    run(
        connection,
        "keep_spare",
        database_id=spare.database_id,
        schema_name=spare.schema_name,
        holder=execution_id,
    )


def fail(connection: Connection, spare: Spare, reason: str) -> None:
    """It must not be taken, because of this."""
    run(connection, "fail_spare", database_id=spare.database_id, schema_name=spare.schema_name, reason=reason)


def forget(connection: Connection, spare: Spare) -> None:
    """Its schema has another name now, or is not there any more; nothing happens to one that is ready."""
    run(connection, "forget_spare", database_id=spare.database_id, schema_name=spare.schema_name)


def begin(connection: Connection, database_id: str, schema_name: str, holder: str) -> None:
    """A schema of this name is going to be made."""
    run(connection, "begin_spare", database_id=database_id, schema_name=schema_name, holder=holder)


def take_back(connection: Connection, spare: Spare, holder: str) -> bool:
    """Out of reach for tenants while it is worked on or dropped; False when a tenant was quicker."""
    return bool(
        run(
            connection,
            "take_back_spare",
            database_id=spare.database_id,
            schema_name=spare.schema_name,
            holder=holder,
        )
    )


def ready(connection: Connection, database_id: str, schema_name: str, holder: str, fit: Fit) -> bool:
    """It was made and verified; False when it is not the holder's any more."""
    return bool(
        run(
            connection,
            "ready_spare",
            database_id=database_id,
            schema_name=schema_name,
            holder=holder,
            digest=fit.digest,
            version=fit.version,
            rank=fit.rank,
            fingerprint=fit.seen.fingerprint,
            stamp=fit.seen.stamp,
        )
    )


def spares(connection: Connection, database_id: str | None = None) -> list[Spare]:
    """Those of a database or of all, oldest first."""
    return [as_spare(row) for row in rows(connection, "spares", database_id=database_id)]


def listed(connection: Connection, database_id: str | None = None) -> Sequence[Row[Any]]:
    """The same with all that is known of them."""
    return rows(connection, "spares", database_id=database_id)


def pools(connection: Connection, standard: int, database_id: str | None = None) -> Sequence[Row[Any]]:
    """Databases (database_id, wanted, refusal, digest, tended_at) that want spares or have some.

    ``standard`` is how many a database wants that does not say so itself.
    """
    return rows(connection, "pools", standard=standard, database_id=database_id)


def due_pools(connection: Connection, standard: int, digest: str, rest: float, every: float) -> list[str]:
    """Databases whose pool wants looking after; not again within ``rest`` seconds, all of them after ``every``."""
    found = rows(connection, "due_pools", standard=standard, digest=digest, rest=rest, every=every)
    return [row.database_id for row in found]


def claim_pool(connection: Connection, database_id: str, holder: str, seconds: float) -> bool:
    """Look after a database's pool; False while somebody else does."""
    return first(connection, "claim_pool", database_id=database_id, holder=holder, seconds=seconds) is not None


def renew_pool(connection: Connection, database_id: str, holder: str, seconds: float) -> bool:
    """Go on looking after it; False when somebody else has taken over."""
    return bool(run(connection, "renew_pool", database_id=database_id, holder=holder, seconds=seconds))


def leave_pool(
    connection: Connection,
    database_id: str,
    holder: str,
    digest: str | None,
    refusal: str | None,
    *,
    tended: bool,
    standard: int = 0,
) -> None:
    """Say how the pool is now; ``tended``: it was gone through to the end."""
    values = {"digest": digest, "refusal": refusal, "tended": tended, "standard": standard}
    run(connection, "leave_pool", database_id=database_id, holder=holder, **values)


def is_rolling_out(connection: Connection, database_id: str) -> bool:
    """Whether a rollout is at work on a database, or about to be; one that waits for its window is not."""
    found = first(connection, "is_rolling_out", database_id=database_id)
    return found is not None and bool(found.busy)


def pools_of(connection: Connection, execution_id: str, standard: int) -> list[str]:
    """The databases of an execution that have spares or want some."""
    return [row.database_id for row in rows(connection, "pools_of", id=execution_id, standard=standard)]


def as_spare(row: Row[Any]) -> Spare:
    """A row of the table as its noun."""
    return Spare(
        row.database_id,
        row.schema_name,
        SpareState(row.state),
        row.digest,
        row.version,
        row.fingerprint,
        row.stamp,
        row.rank or 0,
        getattr(row, "is_over", True),
    )
