"""Rehearses what is pending in a clone: forward through the engine, back as far as there are ways, forward again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from migrator.errors import MigratorError, ReachesOutside
from migrator.model.folder import Folder
from migrator.model.migration import Migration
from migrator.model.rehearsal import Rehearsal, Rehearsed
from migrator.model.slot import stand_in
from migrator.model.version import Version
from migrator.model.way_back import WayBackOf
from migrator.schema import history
from migrator.schema.back import Since
from migrator.schema.clone import Renamed, clone
from migrator.schema.drift import Difference, differences
from migrator.schema.engine import Change, Engine
from migrator.schema.fingerprint import Catalog, describe
from migrator.schema.history import HistoryTable
from migrator.schema.observer import Guard, Noted, Observer
from migrator.schema.pending import pending
from migrator.schema.pg_tools import PgTools
from migrator.schema.rules import Rules
from migrator.schema.scratch import scratch
from migrator.schema.session import Session
from migrator.schema.witness import Witness

_MOST_LINES = 20


@dataclass(frozen=True)
class Means:
    """With what a schema is rehearsed."""

    folder: Folder
    way_back: WayBackOf
    tools: PgTools
    renamed: Renamed
    rules: Rules = field(default_factory=Rules)
    to: Version | None = None


def rehearse(session: Session, schema: str, means: Means, tenant_id: str | None = None) -> Rehearsal:
    """Rehearse what is pending in one schema in a clone of it, which is dropped in the end; the schema is only read.

    What goes wrong is in the result. Raises UnknownSchema, QueryRefused and the like only where the scratch schema
    could not be dropped, and then the next run does it.
    """
    try:
        with scratch(session) as name:
            clone(session, schema, name, means.tools, means.rules, means.renamed, means.folder.version_table)
            return replace(_Run(session, name, means, tenant_id).done(), schema=schema)
    except MigratorError as error:
        return Rehearsal(schema, failure=str(error))


@dataclass
class _Run:
    """One clone's way forward, back, and forward again."""

    session: Session
    name: str
    means: Means
    tenant_id: str | None

    def done(self) -> Rehearsal:
        table = HistoryTable(self.name, self.means.rules.history_table)
        past = history.read(self.session, table)
        self._refuse_outside(pending(self.means.folder, past.rows, self.name, self.means.to))
        before = self._catalog() if history.schema_exists(self.session, table) else Catalog()
        observer = Observer(self._guard(), self.means.rules.history_table)
        try:
            change = self._forward(observer)
        except MigratorError as error:
            return Rehearsal(self.name, tuple(map(_forward_only, observer.noted)), _spoken(error, self.name))
        found = self._back(observer.noted, before, change)
        try:
            self._forward(self._guard(may_drop_keys=True))
        except MigratorError as error:
            return Rehearsal(self.name, found, f"forward again: {_spoken(error, self.name)}")
        last = observer.noted[-1].after if observer.noted else before
        return Rehearsal(self.name, found, again=_lines(differences(last, self._catalog())))

    def _refuse_outside(self, todo: Sequence[Migration]) -> None:
        """What its text says that a migration changes elsewhere is not tried at all."""
        for migration in todo:
            changed = {schema for each in migration.statements for schema in each.effects.changes}
            if outside := sorted(changed - {stand_in("schema")}):
                raise ReachesOutside(script=migration.script, what=f"it names schema {', '.join(outside)}")

    def _forward(self, witness: Witness) -> Change:
        means = self.means
        engine = Engine(means.folder, means.rules, to=means.to, witness=witness)
        return engine.migrate(self.session, self.name, self.tenant_id)

    def _back(self, noted: Sequence[Noted], before: Catalog, change: Change) -> tuple[Rehearsed, ...]:
        """Take back one after the other, newest first, until one has no way back."""
        engine = Engine(self.means.folder, self.means.rules, witness=self._guard(may_drop_keys=True))
        told: set[Difference] = set()
        found: list[Rehearsed] = []
        stopped: str | None = None
        for number in reversed(range(len(noted))):
            expected = noted[number - 1].after if number else before
            rehearsed = _forward_only(noted[number])
            if stopped is None:
                rehearsed = self._one_back(engine, rehearsed, noted[number], change.since_rank + number, expected, told)
                stopped = rehearsed.obstacle and f"{rehearsed.script} stands on top of it"
            else:
                rehearsed = replace(rehearsed, obstacle=stopped)
            found.append(rehearsed)
        return tuple(reversed(found))

    def _one_back(
        self, engine: Engine, rehearsed: Rehearsed, one: Noted, rank: int, expected: Catalog, told: set[Difference]
    ) -> Rehearsed:
        try:
            engine.undo(self.session, self.name, Since(rank=rank), self.means.way_back, self.tenant_id)
        except MigratorError as error:
            return replace(rehearsed, obstacle=_spoken(error, self.name))
        way = self.means.way_back(one.migration)
        kind = "inverse" if isinstance(way, Migration) and way.is_derived else "undo"
        new = [each for each in differences(expected, self._catalog()) if each not in told]
        told.update(new)
        return replace(rehearsed, way_back=kind, differences=_lines(new))

    def _guard(self, *, may_drop_keys: bool = False) -> Guard:
        return Guard(self.name, self.means.rules.shared_schemas, may_drop_keys)

    def _catalog(self) -> Catalog:
        return describe(self.session, self.name, self.means.rules.history_table)


def _forward_only(one: Noted) -> Rehearsed:
    return Rehearsed(one.migration.script, one.seconds, one.locks, one.rewrites)


def _lines(found: Sequence[Difference]) -> tuple[str, ...]:
    lines = tuple(map(str, found[:_MOST_LINES]))
    more = len(found) - _MOST_LINES
    return (*lines, f"and {more} more lines") if more > 0 else lines


def _spoken(error: MigratorError, name: str) -> str:
    """The clone's name means nothing to anybody."""
    return str(error).replace(name, "of the clone")
