"""What a SQLSTATE says about trying again."""

from __future__ import annotations

import psycopg2

_LOST = ("08", "57P01", "57P02", "57P03", "57P05", "25P03")
"""The connection and not the statement: broken, shut down, crashed, starting up, cut for idleness."""
_PASSING = (*_LOST, "40001", "40003", "40P01", "55P03", "53000", "53100", "53200", "53300", "58000")
"""And serialization failures, deadlocks, lock timeouts, lack of disk, memory and connections. Not 53400: a limit that
was configured stays; not 57P04: the database was dropped."""


def is_passing(sqlstate: str | None) -> bool:
    """Whether the same statement may succeed a little later: locks, deadlocks, lack of resources, restarts."""
    return sqlstate is not None and sqlstate.startswith(_PASSING)


def is_lost(error: psycopg2.Error, closed: bool) -> bool:
    """Whether the connection, and not the statement, is what failed."""
    return closed or (error.pgcode or "").startswith(_LOST)
