"""What happened, from all tables in which something of it is written down."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from migrator.fleet.store import rows


def between(
    connection: Connection, since: datetime, until: datetime, kinds: Collection[str] | None, most: int
) -> Sequence[Row[Any]]:
    """Happenings of some kinds, None for all, in the half-open span; the newest ``most``, newest first."""
    wanted = sorted(kinds) if kinds is not None else None
    return rows(connection, "timeline", since=since, until=until, kinds=wanted, most=most)
