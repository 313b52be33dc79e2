"""The engine: brings one schema at a time to the state of a folder.

One target costs two round trips. The first opens a transaction, takes the schema's lock and reads history; the
second sends everything that is pending, the history rows and COMMIT as one string. Whoever dies in between
leaves the schema as it was, and whoever comes twice finds nothing to do.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from migrator.errors import MigrationFailed, ServerRefusedForNow
from migrator.model.folder import Folder
from migrator.model.history import History, HistoryRow, Mark
from migrator.model.identifier import checked_schema_name
from migrator.model.migration import Migration, scripts
from migrator.model.version import Version
from migrator.schema.history import HistoryTable
from migrator.schema.pending import pending, read_history
from migrator.schema.rules import Rules
from migrator.schema.script import Script, is_in_pieces, runs
from migrator.schema.session import Session
from migrator.schema.visit import Unplaced, Visit

NEW_VALUE_USED = "55P04"
"""SQLSTATE for the use of an enum's value in the transaction that added it."""


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one schema; ``applied`` is empty when it was current already."""

    schema: str
    from_version: str | None = None
    to_version: str | None = None
    applied: tuple[str, ...] = ()
    without_effect: tuple[str, ...] = ()
    """Those of the applied ones that left the catalog and all rows as they were."""
    seconds: float = field(default=0.0, compare=False)


class Engine:
    """Applies one folder, up to one version, on behalf of one execution; used for many schemas."""

    def __init__(
        self,
        folder: Folder,
        rules: Rules | None = None,
        *,
        to: Version | None = None,
        execution: str | None = None,
    ) -> None:
        self.folder, self.rules, self.to, self.execution = folder, rules or Rules(), to, execution
        self._composed: dict[tuple[object, ...], Script] = {}

    def migrate(self, session: Session, schema: str, tenant_id: str | None = None) -> Change:
        """Apply what is pending in one schema; create the schema when it is not there.

        Raises a HistoryError when folder and history disagree, MigrationFailed when the server refuses a
        statement, SchemaLocked when somebody else is at it, and other TransientErrors. In each case the schema
        is as it was, unless the message says otherwise.
        """
        checked_schema_name(schema)
        retrying = Retrying(
            retry=retry_if_exception_type(ServerRefusedForNow),
            stop=stop_after_attempt(self.rules.tries),
            wait=wait_random_exponential(multiplier=0.1, max=2),
            reraise=True,
        )
        values = {"tenant_id": tenant_id, "database": session.connection.info.dbname}
        return retrying(self._migrate, session, schema, values)

    def _migrate(self, session: Session, schema: str, values: Mapping[str, str | None]) -> Change:
        started = time.monotonic()
        visit = Visit(session, HistoryTable(schema, self.rules.history_table), self.rules, values)
        idle: list[Migration] = []
        try:
            rows, since = self._bring_up(visit, session, idle)
        finally:
            visit.leave()
        change = change_since(schema, rows, since, time.monotonic() - started)
        return replace(change, without_effect=scripts(idle))

    def _bring_up(self, visit: Visit, session: Session, idle: list[Migration]) -> tuple[list[HistoryRow], int]:
        """Run after run until nothing is pending; returns history as it is then, and the rank it began at.

        Migrations that changed nothing are added to ``idle``.
        """
        by_statement, cut_enums, since = False, False, None
        while True:
            past = visit.enter()
            todo = pending(self.folder, past.rows, visit.table.schema, self.to)
            since = self._since(past) if since is None else since
            if not todo:
                self._keep_mark(visit, past, since)
                return list(past.rows), since
            script = self._script(session, runs(todo, cut_enums=cut_enums)[0], cut_enums=cut_enums)
            whole = len(script.migrations) == len(todo)
            mark = self._mark(past, script.migrations, since, whole)
            try:
                idle += visit.apply(script, past, mark, by_statement=by_statement)
            except Unplaced:
                by_statement = True
                continue
            except MigrationFailed as error:
                if cut_enums or error.facts["sqlstate"] != NEW_VALUE_USED:
                    raise
                by_statement, cut_enums = False, True
                continue
            if whole:
                return [*past.rows, *as_rows(script.migrations, past.newest_rank)], since

    def _script(self, session: Session, run: Sequence[Migration], *, cut_enums: bool) -> Script:
        in_pieces = cut_enums and is_in_pieces(run[0])
        key = (*(m.path for m in run), in_pieces)
        if key not in self._composed:
            self._composed[key] = Script(session, run, in_pieces=in_pieces)
        return self._composed[key]

    def _since(self, past: History) -> int:
        """Where this execution began; an earlier attempt of it may have got through and died before saying so."""
        mine = past.mark is not None and self.execution is not None and past.mark.execution == self.execution
        return past.mark.since_rank if mine and past.mark else past.newest_rank

    def _mark(self, past: History, run: Sequence[Migration], since: int, whole: bool) -> Mark:
        reached = read_history([*past.rows, *as_rows(run, past.newest_rank)]).latest
        digest = self.folder.digest_at(reached) if whole else None
        return Mark(str(reached) if reached else None, digest or "", self.execution, since)

    def _keep_mark(self, visit: Visit, past: History, since: int) -> None:
        """A schema that is current and has no mark yet, or another tool's, gets one; so does an empty new one."""
        reached = read_history(past.rows).latest
        version, digest = str(reached) if reached else None, self.folder.digest_at(reached) or ""
        if past.mark is None or (past.mark.version, past.mark.digest) != (version, digest):
            execution = past.mark.execution if past.mark else None
            visit.keep(Mark(version, digest, execution, past.mark.since_rank if past.mark else since))


def as_rows(migrations: Sequence[Migration], newest_rank: int) -> list[HistoryRow]:
    """The history rows that migrations leave on top of a history."""
    return [
        HistoryRow(
            rank, str(m.version) if m.version else None, m.description, m.history_type, m.script, m.checksum, True
        )
        for rank, m in enumerate(migrations, start=newest_rank + 1)
    ]


def change_since(schema: str, rows: Sequence[HistoryRow], since: int, seconds: float) -> Change:
    """What happened to a schema after a rank of its history."""
    before, after = read_history([r for r in rows if r.installed_rank <= since]).latest, read_history(rows).latest
    return Change(
        schema=schema,
        from_version=str(before) if before else None,
        to_version=str(after) if after else None,
        applied=tuple(row.script for row in rows if row.installed_rank > since),
        seconds=seconds,
    )
