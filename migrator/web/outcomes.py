"""What became last of each target of the fleet, kept while somebody looks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from migrator.fleet import roster
from migrator.model.condition import Latest
from migrator.model.execution import OutcomeState

MOST_EXECUTIONS = 20
"""Executions whose outcomes are read, the newest; what was last done to a target before is not asked for."""
MARGIN = timedelta(seconds=10)
"""Outcomes are committed in another order than that of their moments."""

Place = tuple[str, str]
"""Database and schema."""


class Outcomes:
    """What became last of each target; after the first look only what changed is read."""

    def __init__(self) -> None:
        self.latest: dict[Place, Latest] = {}
        self._moving: set[str] | None = None
        self._since: datetime | None = None

    def refresh(self, connection: Connection, now: datetime) -> set[Place]:
        """The targets of which something else is known now."""
        moving = roster.moving(connection, MARGIN.total_seconds())
        if self._moving is None:
            whole, part = {*roster.recent(connection, MOST_EXECUTIONS), *moving}, set[str]()
        else:
            whole, part = moving ^ self._moving, moving & self._moving
        found = [
            *roster.outcomes(connection, whole),
            *roster.outcomes(connection, part, self._since and self._since - MARGIN),
        ]
        self._moving, self._since = moving, now
        return self._put_back(found, part) | {place for row in found if (place := self._take(row))}

    def _take(self, row: Row[Any]) -> Place | None:
        place, found = (row.database_id, row.schema_name), roster.latest(row)
        before = self.latest.get(place)
        if found.state is OutcomeState.PENDING and not found.is_refused:
            if before is None or before.execution != found.execution or before.state is OutcomeState.DONE:
                return None
            del self.latest[place]  # a retry takes it up
            return place
        self.latest[place] = found
        return place if found != before else None

    def _put_back(self, found: Sequence[Row[Any]], part: set[str]) -> set[Place]:
        """Those that were running and are not among the running any more, nor ended: given back to be claimed again."""
        there = {(row.database_id, row.schema_name) for row in found}
        gone = {
            place
            for place, latest in self.latest.items()
            if latest.execution in part
            and place not in there
            and (latest.state is OutcomeState.RUNNING or latest.is_refused)
        }
        for place in gone:
            del self.latest[place]
        return gone
