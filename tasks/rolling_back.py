"""Rolling back: the work of an execution that takes another one back."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import structlog
from sqlalchemy import Row

from migrator.errors import CannotUndo, MigratorError
from migrator.fleet import rollbacks
from migrator.fleet.rollbacks import Changed
from migrator.folder.way_back import WaysBack
from migrator.model.execution import Claim, Outcome, OutcomeState
from migrator.model.target import Database
from migrator.model.version import Version
from migrator.model.way_back import Strategy
from migrator.schema import history
from migrator.schema.back import Since, check_newest
from migrator.schema.engine import Change, Engine
from migrator.schema.history import HistoryTable
from migrator.schema.session import Session
from tasks import copies, desk
from tasks.failing import failed_or_again
from tasks.proving import Unproven

SNAPSHOT = "snapshot"

log = structlog.get_logger("migrator.target")


class RollingBack:
    """Takes back, in each target, what one execution changed there; the fingerprint is the proof."""

    def __init__(self, row: Row[Any], database: Database) -> None:
        self._row, self._database = row, database
        self._strategy = row.options.get("strategy", Strategy.AUTO.value)
        self._to = Version(row.to_version) if row.to_version else None
        self._folder, self._rules = desk.folder(database.kind.scope), desk.rules(database)
        self._engines: dict[int, Engine] = {}
        self._ways = WaysBack(self._folder, Strategy.AUTO if self._strategy == SNAPSHOT else Strategy(self._strategy))
        self._changed: dict[tuple[str, int], Changed] = {}

    def begin(self, session: Session, batch: Sequence[Claim]) -> None:
        """Look up what the execution changed in these targets."""
        schemas = [claim.schema_name for claim in batch]
        with desk.store().begin() as connection:
            found = rollbacks.changed(connection, self._row.takes_back, self._database.id, schemas)
        self._changed = {(each.target.schema_name, each.stage): each for each in found}

    def one(self, session: Session, claim: Claim) -> Outcome | Unproven | None:
        """Take one target back; what has a fingerprint to be held against is proven with others of its batch."""
        started = time.monotonic()
        try:
            return self._taken_back(session, claim)
        except MigratorError as error:
            return failed_or_again(error, claim, time.monotonic() - started)

    def _taken_back(self, session: Session, claim: Claim) -> Outcome | Unproven:
        changed = self._ranked(session, self._changed[claim.schema_name, claim.stage])
        if changed.since_rank is None:
            return Outcome(claim, OutcomeState.DONE, note="nothing was changed by that execution")
        change, way = self._undone_or_restored(session, claim, changed)
        outcome = Outcome(
            claim,
            OutcomeState.DONE,
            change.from_version,
            change.to_version,
            change.applied,
            change.seconds,
            since_rank=change.since_rank,
            until_rank=change.until_rank,
            note=f"taken back by {way}; there was no fingerprint to compare with",
            laps=change.laps,
            refused=change.refused,
            waited=change.waited,
        )
        if changed.fingerprint_before is None or self._to is not None:
            return outcome
        return Unproven(outcome, changed.fingerprint_before, way, self._rules.history_table)

    def _ranked(self, session: Session, changed: Changed) -> Changed:
        """Where the execution failed in a target, the mark says whether it had committed something before."""
        if changed.since_rank is not None:
            return changed
        past = history.read(session, self._table(changed.target.schema_name))
        mark = past.mark
        if mark is None or (mark.execution, mark.stage) != (self._row.takes_back, changed.stage):
            return changed
        return replace(changed, since_rank=mark.since_rank, until_rank=past.newest_rank)

    def _undone_or_restored(self, session: Session, claim: Claim, changed: Changed) -> tuple[Change, str]:
        if self._strategy == SNAPSHOT:
            return self._restored(session, changed), SNAPSHOT
        since = Since(self._to, changed.since_rank, changed.until_rank)
        try:
            change = self._engine(claim.stage).undo(session, claim.schema_name, since, self._ways, claim.tenant_id)
        except CannotUndo:
            if self._strategy != Strategy.AUTO or changed.snapshot is None or self._to is not None:
                raise
            return self._restored(session, changed), SNAPSHOT
        return change, "scripts"

    def _restored(self, session: Session, changed: Changed) -> Change:
        schema = changed.target.schema_name
        past = history.read(session, self._table(schema))
        check_newest(past.rows, Since(until=changed.until_rank), schema)
        return copies.put_back(session, self._database, schema, self._row.takes_back, changed.snapshot, past)

    def _engine(self, stage: int) -> Engine:
        """One for each stage: what an attempt has taken back counts for its own stage alone."""
        if stage not in self._engines:
            self._engines[stage] = Engine(self._folder, self._rules, execution=self._row.id, stage=stage)
        return self._engines[stage]

    def _table(self, schema: str) -> HistoryTable:
        return HistoryTable(schema, self._rules.history_table)
