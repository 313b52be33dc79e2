"""Looks at the databases of a running execution beside the ledger, so that a slow one holds no frame up."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from migrator.errors import MigratorError
from migrator.model.target import Database
from migrator.schema.activity import APPLICATION, activity
from tasks.breaker import session_to

EVERY_SECONDS = 1.0
MOST_DATABASES = 20
"""So many are looked at, at the most; each look is one short connection."""

Found = list[dict[str, Any]]


class ActivityWatch:
    """What was last seen on each database on which somebody is at work for one execution."""

    def __init__(self, execution_id: str, threads: ThreadPoolExecutor) -> None:
        self._execution_id, self._threads = execution_id, threads
        self._looks: dict[str, Future[Found]] = {}
        self._seen: dict[str, Found] = {}
        self._due = 0.0

    @property
    def is_due(self) -> bool:
        """Whether to look again."""
        return time.monotonic() >= self._due

    def look(self, databases: Sequence[Database]) -> None:
        """Begin to look at these, and forget all others; whoever is still being looked at is left in peace."""
        self._due = time.monotonic() + EVERY_SECONDS
        wanted = {database.id: database for database in databases[:MOST_DATABASES]}
        self._seen = {id_: found for id_, found in self._seen.items() if id_ in wanted}
        for id_, database in wanted.items():
            if id_ not in self._looks:
                self._looks[id_] = self._threads.submit(look_at, database, self._execution_id)

    def seen(self) -> Found:
        """What there is to see now; never waits."""
        for id_, look in [(id_, look) for id_, look in self._looks.items() if look.done()]:
            self._seen[id_] = look.result()
            del self._looks[id_]
        return [found for id_ in sorted(self._seen) for found in self._seen[id_]]


def look_at(database: Database, execution_id: str) -> Found:
    """The lanes at work on a database, or why that cannot be seen."""
    try:
        with session_to(database, APPLICATION) as session:
            return [{"database": database.id, **lane} for lane in activity(session, execution_id)]
    except MigratorError as error:
        return [{"database": database.id, "error": str(error)}]
