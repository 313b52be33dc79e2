"""The engine: brings one schema at a time to the state of a folder.

One target costs two round trips. The first opens a transaction, takes the schema's lock and reads history; the
second sends everything that is pending, the history rows and COMMIT as one string. Whoever dies in between
leaves the schema as it was, and whoever comes twice finds nothing to do.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from migrator.errors import MigrationFailed, ServerRefusedForNow, UnknownSchema
from migrator.model.folder import Folder
from migrator.model.history import History, HistoryRow, Mark
from migrator.model.identifier import checked_schema_name
from migrator.model.migration import Migration, scripts
from migrator.model.performance import Lap
from migrator.model.version import Version
from migrator.model.way_back import WayBackOf
from migrator.schema.back import Since
from migrator.schema.direction import Backward, Direction, Forward
from migrator.schema.elsewhere import refuse_applied_elsewhere
from migrator.schema.history import HistoryTable, schema_exists
from migrator.schema.pending import read_history
from migrator.schema.rules import Rules
from migrator.schema.script import Script, is_in_pieces, runs
from migrator.schema.session import Session
from migrator.schema.visit import Applied, Unplaced, Visit
from migrator.schema.witness import Witness

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
    since_rank: int = field(default=0, compare=False)
    """The newest rank of its history before."""
    until_rank: int = field(default=0, compare=False)
    """The newest rank of its history after."""
    resumed: bool = field(default=False, compare=False)
    """Whether an earlier attempt had changed it already: one of the same execution, or one that left a file begun."""
    laps: tuple[Lap, ...] = field(default=(), compare=False)
    """What each migration cost that was applied now."""
    refused: int = field(default=0, compare=False)
    """How often the server refused it for now."""
    waited: float = field(default=0.0, compare=False)
    """Seconds lost to that and to the lock of the schema; the tries that were refused are not in ``seconds``."""


class Engine:
    """Applies one folder, up to one version, on behalf of one execution; used for many schemas."""

    def __init__(
        self,
        folder: Folder,
        rules: Rules | None = None,
        *,
        to: Version | None = None,
        execution: str | None = None,
        stage: int = 1,
        witness: Witness | None = None,
    ) -> None:
        self.folder, self.rules, self.to, self.witness = folder, rules or Rules(), to, witness
        self.execution, self.stage = execution, stage
        self._composed: dict[tuple[object, ...], Script] = {}

    def migrate(self, session: Session, schema: str, tenant_id: str | None = None) -> Change:
        """Apply what is pending in one schema; create the schema when it is not there.

        Raises a HistoryError when folder and history disagree, MigrationFailed when the server refuses a
        statement, SchemaLocked when somebody else is at it, and other TransientErrors. In each case the schema
        is as it was, unless the message says otherwise.
        """
        return self._retrying(
            self._visit, session, checked_schema_name(schema), tenant_id, Forward(self.folder, self.to)
        )

    def undo(
        self, session: Session, schema: str, since: Since, way_back: WayBackOf, tenant_id: str | None = None
    ) -> Change:
        """Take back what was applied since, newest first; ``applied`` names the scripts that did it.

        Raises CannotUndo with all that stands in the way, UnknownSchema, and what ``migrate`` raises. In each case
        the schema is as it was, unless the message says otherwise.
        """
        table = HistoryTable(checked_schema_name(schema), self.rules.history_table)
        if not schema_exists(session, table):
            raise UnknownSchema(database=session.database_id, schema=schema)
        return self._retrying(self._visit, session, schema, tenant_id, Backward(self.folder, since, way_back))

    def _retrying(self, work: Callable[..., Change], session: Session, *arguments: object) -> Change:
        def count(_: RetryCallState) -> None:
            session.refused += 1

        retrying = Retrying(
            retry=retry_if_exception_type(ServerRefusedForNow),
            stop=stop_after_attempt(self.rules.tries),
            wait=wait_random_exponential(multiplier=0.1, max=2),
            after=count,
            reraise=True,
        )
        before, started = session.refused, time.monotonic()
        change = retrying(work, session, *arguments)
        refused = session.refused - before
        lost = time.monotonic() - started - change.seconds - change.waited if refused else 0.0
        return replace(change, refused=refused, waited=round(change.waited + max(lost, 0.0), 6))

    def _visit(self, session: Session, schema: str, tenant_id: str | None, direction: Direction) -> Change:
        started = time.monotonic()
        values = {"tenant_id": tenant_id, "database": session.connection.info.dbname}
        visit = Visit(session, HistoryTable(schema, self.rules.history_table), self.rules, values, self.witness)
        done: list[Applied] = []
        try:
            rows, since, resumed = self._go(visit, session, direction, done)
        finally:
            visit.leave()
        seconds = time.monotonic() - started - visit.waited
        idle = scripts([migration for each in done for migration in each.idle])
        laps = tuple(lap for each in done for lap in each.laps)
        change = change_since(schema, rows, since, seconds)
        return replace(change, without_effect=idle, resumed=resumed, laps=laps, waited=visit.waited)

    def _go(
        self, visit: Visit, session: Session, direction: Direction, done: list[Applied]
    ) -> tuple[list[HistoryRow], int, bool]:
        """Run after run until nothing is left to do; returns history as it is then, the rank it began at, and whether
        an earlier attempt of the same execution got somewhere.

        What came of each run is added to ``done``.
        """
        by_statement, cut_enums, since, resumed = False, False, None, False
        while True:
            past = visit.enter()
            refuse_applied_elsewhere(session, visit.table, self.folder, past)
            todo = direction.todo(past, visit.table.schema)
            if since is None:
                since = self._since(past)
                resumed = since < past.newest_rank or bool(past.mark and past.mark.begun)
            if not todo:
                direction.nothing_to_do(visit, past, since)
                return list(past.rows), since, resumed
            script = self._script(session, runs(todo, cut_enums=cut_enums)[0], cut_enums=cut_enums)
            whole = len(script.migrations) == len(todo)
            mark = self._mark(past, script.migrations, since, direction if whole else None)
            try:
                done.append(visit.apply(script, past, mark, by_statement=by_statement))
            except Unplaced:
                by_statement = True
                continue
            except MigrationFailed as error:
                if cut_enums or error.facts["sqlstate"] != NEW_VALUE_USED:
                    raise
                by_statement, cut_enums = False, True
                continue
            if whole:
                return [*past.rows, *as_rows(script.migrations, past.newest_rank)], since, resumed

    def _script(self, session: Session, run: Sequence[Migration], *, cut_enums: bool) -> Script:
        in_pieces = cut_enums and is_in_pieces(run[0])
        key = (*((m.path, m.kind) for m in run), in_pieces)
        if key not in self._composed:
            self._composed[key] = Script(session, run, in_pieces=in_pieces, measures=self.rules.measures)
        return self._composed[key]

    def _since(self, past: History) -> int:
        """Where this stage of the execution began; an earlier attempt may have got through and died silently."""
        mark = past.mark
        mine = mark is not None and self.execution is not None and mark.execution == self.execution
        return mark.since_rank if mark and mine and mark.stage == self.stage else past.newest_rank

    def _mark(self, past: History, run: Sequence[Migration], since: int, direction: Direction | None) -> Mark:
        rows = [*past.rows, *as_rows(run, past.newest_rank)]
        reached = read_history(rows).latest
        digest = direction.digest(rows, reached) if direction else ""
        return Mark(str(reached) if reached else None, digest, self.execution, since, stage=self.stage)


def as_rows(migrations: Sequence[Migration], newest_rank: int) -> list[HistoryRow]:
    """The history rows that migrations leave on top of a history."""
    return [
        HistoryRow(
            installed_rank=rank,
            version=str(m.version) if m.version else None,
            description=m.history_description,
            type=m.history_type,
            script=m.script,
            checksum=m.checksum,
            success=True,
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
        since_rank=since,
        until_rank=max((row.installed_rank for row in rows), default=0),
    )
