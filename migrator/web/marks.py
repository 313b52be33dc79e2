"""Looks at the marks of whole databases beside the ledger: one short connection and one query each."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime

from migrator.errors import MigratorError
from migrator.model.history import Mark
from migrator.model.target import Database
from migrator.schema.marks import read_marks
from migrator.schema.session import Session
from tasks import desk
from tasks.breaker import session_to

EVERY_SECONDS = 15.0
SOON_SECONDS = 1.0
"""A database in which something ended is looked at so much later."""
APPLICATION = "migrator dashboard"
NOT_YET = "it has not answered yet"
_PATIENCE = "SET statement_timeout TO '5s'; SET lock_timeout TO '1s'"


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a database found; ``at`` is the ledger's time when it began."""

    at: datetime | None = None
    marks: Mapping[str, Mark] = field(default_factory=dict)
    error: str | None = NOT_YET


NOTHING_YET = Look()


class MarksWatch:
    """The newest look at each database, however slow the others are."""

    def __init__(self, threads: ThreadPoolExecutor) -> None:
        self._threads = threads
        self._looks: dict[str, Future[Look]] = {}
        self._seen: dict[str, Look] = {}
        self._due: dict[str, float] = {}

    def look(self, databases: Sequence[Database], now: datetime) -> None:
        """Begin to look at those that are due, and forget all others."""
        wanted = {database.id: database for database in databases}
        self._seen = {id_: look for id_, look in self._seen.items() if id_ in wanted}
        moment = time.monotonic()
        for id_, database in wanted.items():
            if id_ not in self._looks and moment >= self._due.get(id_, 0.0):
                self._due[id_] = moment + EVERY_SECONDS
                self._looks[id_] = self._threads.submit(look_at, database, now)

    def soon(self, database_ids: Collection[str]) -> None:
        """Something ended in these: what was seen is old."""
        for id_ in database_ids:
            self._due[id_] = min(self._due.get(id_, 0.0), time.monotonic() + SOON_SECONDS)

    def wait(self, seconds: float) -> None:
        """Give those that are being looked at so much time to answer, at the most."""
        wait(list(self._looks.values()), seconds)

    def collect(self) -> set[str]:
        """The databases of which something is known anew; never waits."""
        found = set()
        for id_, look in [(id_, look) for id_, look in self._looks.items() if look.done()]:
            before, self._seen[id_] = self._seen.get(id_), look.result()
            del self._looks[id_]
            if before is None or (before.marks, before.error) != (self._seen[id_].marks, self._seen[id_].error):
                found.add(id_)
        return found

    def seen(self, database_id: str) -> Look:
        """The newest look at a database."""
        return self._seen.get(database_id, NOTHING_YET)


def look_at(database: Database, now: datetime) -> Look:
    """The marks of a database, or why they cannot be read."""
    try:
        with session_to(database, APPLICATION) as session:
            return Look(now, _marks(session), None)
    except MigratorError as error:
        return Look(now, error=str(error))


def _marks(session: Session) -> dict[str, Mark]:
    session.run(_PATIENCE)
    return read_marks(session, desk.settings().history_table)
