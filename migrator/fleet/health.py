"""What the control database says of its own health, and of what waits in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row

from migrator.errors import ControlSchemaMissing
from migrator.fleet.store import first, rows


def control(connection: Connection) -> tuple[str, float]:
    """The version of our tables, and the server's clock, in seconds since the epoch."""
    found = first(connection, "control")
    if found is None:
        raise ControlSchemaMissing(found="without our tables", needed="")
    return found.version, found.moment


def waiting_events(connection: Connection) -> Row[Any]:
    """``waiting``, how many events are due and not taken up, and ``seconds``, for how long the oldest is."""
    return rows(connection, "waiting_events")[0]


def leases(connection: Connection, patience: float) -> Row[Any]:
    """Claims on targets: ``live``, ``expired``, and ``forgotten``, those that expired so many seconds ago."""
    return rows(connection, "leases", patience=patience)[0]


def beat(connection: Connection) -> Row[Any] | None:
    """``seconds`` since beat last sent upkeep, and ``by`` whom; None when it never did, or that is not written down."""
    return first(connection, "beat_age") if _has(connection, "tick") else None


def unsent(connection: Connection) -> Row[Any] | None:
    """The relay's lag: ``waiting`` events that it could send, and ``seconds``, the oldest's; None without an outbox."""
    return rows(connection, "unsent")[0] if _has(connection, "sendable") else None


def alerts_open(connection: Connection) -> Sequence[Row[Any]]:
    """How many alerts are not resolved, by ``rule`` and ``severity``."""
    return rows(connection, "alerts_open") if _has(connection, "alert") else ()


def _has(connection: Connection, name: str) -> bool:
    """Whether there is such a table or view: a release may be asked while 'migrator init' has yet to run."""
    return bool(rows(connection, "has_relation", name=name)[0].there)
