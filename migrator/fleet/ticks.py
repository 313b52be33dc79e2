"""Signs of life in the ledger: beat's, and those of the workers that look after it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row

from migrator.fleet.store import first, run

BEAT, RULES, WATCH = "beat", "rules", "watch"


def note(connection: Connection, name: str, by: str) -> None:
    """It was seen now."""
    run(connection, "note_tick", name=name, by=by)


def claim(connection: Connection, name: str, by: str, seconds: float) -> bool:
    """Take the next turn of what is done once in so many seconds by somebody; False when it is not time yet."""
    return first(connection, "claim_tick", name=name, by=by, seconds=seconds) is not None


def tick(connection: Connection, name: str) -> Row[Any] | None:
    """The last sign (first_at, at, by; ``age`` and ``known`` in seconds since at and first_at); None when never."""
    return first(connection, "tick", name=name)


def age(connection: Connection, name: str) -> float | None:
    """Seconds since the last sign; None when there was none."""
    found = tick(connection, name)
    return float(found.age) if found is not None else None
