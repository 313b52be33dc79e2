"""Reads the fleet again and again: the roster, the ledger's outcomes, and what the databases say of themselves."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from migrator.errors import MigratorError
from migrator.fleet import breakers, ledger, registry
from migrator.fleet import roster as fleet_roster
from migrator.model.condition import Condition, Seen, alike, condition_of, seen_through
from migrator.model.folder import Folder
from migrator.model.history import Mark, is_current
from migrator.model.target import Database, Scope
from migrator.watch.alerts.shown import alert_list
from migrator.watch.execution_view import summary_view
from migrator.web.cells import Kind, Kinds
from migrator.web.health_watch import HealthWatch
from migrator.web.hub import Frame
from migrator.web.marks import NOTHING_YET, MarksWatch
from migrator.web.outcomes import Outcomes, Place
from migrator.web.roster import name_of
from tasks import desk
from tasks.drifting import odd_ones

FIRST_WAIT = 2.0
"""Seconds for which the first frame waits for the databases."""
MOST_DRIFTS = 5
REFUSED = "its server refused it for now: a lock, or a lack of resources"


class FleetReader:
    """The fleet of this moment, kept between two looks; may be asked by several at a time."""

    def __init__(self, threads: ThreadPoolExecutor) -> None:
        self._lock = threading.Lock()
        self._marks, self._health = MarksWatch(threads), HealthWatch(threads)
        self._outcomes, self._kinds = Outcomes(), Kinds()
        self._stamp: str | None = None
        self._targets: Sequence[Row[Any]] = ()
        self._at: dict[Place, list[int]] = {}
        self._databases: list[Database] = []
        self._cells: list[str] = []
        self._drifts: tuple[tuple[str, datetime], ...] = ()
        self._odd: frozenset[Place] = frozenset()
        self._folders: dict[Scope, Folder | None] = {}

    def __call__(self) -> Frame:
        """The frame of this moment."""
        with self._lock:
            return self._frame()

    def _frame(self) -> Frame:
        with desk.store().begin() as connection:
            stamp, now = fleet_roster.stamp(connection)
            is_other = stamp != self._stamp
            if is_other:
                self._read_roster(connection)
            changed = self._outcomes.refresh(connection, now)
            is_other |= self._read_drifts(connection)
            document = self._beside(connection)
        is_other |= self._read_folders(document)
        self._marks.look(self._databases, now)
        if self._stamp is None:
            self._marks.wait(FIRST_WAIT)
        self._marks.soon({database for database, _ in changed})
        looked = self._marks.collect()
        self._stamp = stamp
        places = self._at if is_other else changed | {place for place in self._at if place[0] in looked}
        for place in places:
            for number in self._at.get(place, ()):
                self._cells[number] = self._kinds.letter(self._kind(self._targets[number]))
        cells = "".join(self._cells)
        document |= {
            "roster": name_of(stamp),
            "kinds": self._kinds.table(),
            **self._kinds.counts(cells),
            "unreachable": self._silent(),
            "health": self._health.seen(),
        }
        return Frame(document, cells)

    def _read_roster(self, connection: Connection) -> None:
        self._targets = fleet_roster.roster(connection, desk.settings().own_schema)
        self._databases = registry.databases(connection)
        self._cells = [""] * len(self._targets)
        self._at = {}
        for number, row in enumerate(self._targets):
            self._at.setdefault((row.database_id, row.schema_name), []).append(number)

    def _read_drifts(self, connection: Connection) -> bool:
        """Whether another execution has looked for drift."""
        found = fleet_roster.drift_executions(connection, MOST_DRIFTS)
        drifts = tuple((row.id, row.finished_at) for row in found)
        if drifts == self._drifts:
            return False
        self._drifts = drifts
        odd: dict[Place, bool] = {}
        for row in reversed(found):
            rows = ledger.fingerprints(connection, row.id)
            strange = {(each["database"], each["schema"]) for each in odd_ones(rows)}
            odd |= {place: place in strange for place in ((each.database_id, each.schema_name) for each in rows)}
        self._odd = frozenset(place for place, is_odd in odd.items() if is_odd)
        return True

    def _read_folders(self, document: dict[str, Any]) -> bool:
        """Whether a folder is another one; one that cannot be read is told, and taken for empty."""
        before, self._folders = self._folders, {}
        document["folder_error"] = None
        for scope in {Scope.TENANT, *(database.kind.scope for database in self._databases)}:
            try:
                self._folders[scope] = desk.folder(scope)
            except MigratorError as error:
                self._folders[scope], document["folder_error"] = None, str(error)
        folder = self._folders[Scope.TENANT]
        document["newest"] = str(folder.newest) if folder and folder.newest else None
        return before.keys() != self._folders.keys() or any(before[s] is not self._folders[s] for s in before)

    def _kind(self, row: Row[Any]) -> Kind:
        """The kind of one target now."""
        place = (row.database_id, row.schema_name)
        look, latest = self._marks.seen(row.database_id), self._outcomes.latest.get(place)
        folder = self._folders.get(Scope(row.scope))
        newest = folder.newest if folder else None
        seen = _seen(look.marks.get(row.schema_name), folder) if look.error is None else None
        known = seen_through(seen, latest, look.at, newest) if seen or look is NOTHING_YET else None
        if known == Seen() and look is NOTHING_YET:
            known = None
        condition = condition_of(known, latest, newest, is_active=row.is_active, is_drifted=place in self._odd)
        error = ""
        if condition in (Condition.FAILED, Condition.LOCKED) and latest is not None:
            error = alike(latest.error or REFUSED, row.schema_name)
        elif condition is Condition.UNREACHABLE:
            error = look.error or ""
        return condition, (known.version if known else None) or "", error

    def _silent(self) -> dict[str, str]:
        return {each.id: error for each in self._databases if (error := self._marks.seen(each.id).error)}

    @staticmethod
    def _beside(connection: Connection) -> dict[str, Any]:
        """What goes on: executions that are not over, alerts that are open, breakers that are not closed."""
        found = ledger.executions(connection, 50)
        return {
            "executions": [summary_view(row) for row in found if row.finished_at is None],
            "last": next((summary_view(row) for row in found if row.finished_at is not None), None),
            "alerts": alert_list(connection, most=20),
            "breakers": {
                id_: {"state": row.state, "reason": row.reason, "since": row.at.isoformat()}
                for id_, row in breakers.not_closed(connection).items()
            },
        }


def _seen(mark: Mark | None, folder: Folder | None) -> Seen:
    if mark is None:
        return Seen()
    return Seen(mark.version, True, folder is not None and is_current(mark, folder, None))
