"""Migrating: the work of most executions."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import structlog
from sqlalchemy import Row

from migrator.errors import FolderDiffers, MigratorError
from migrator.fleet import ledger
from migrator.folder.way_back import WaysBack
from migrator.model.event import EventType
from migrator.model.execution import Claim, Outcome, OutcomeState
from migrator.model.folder import Folder
from migrator.model.rollout import Rollout
from migrator.model.snapshot import Snapshot
from migrator.model.stage import Stage, folder_at, stage_among
from migrator.model.target import Database, Scope
from migrator.model.version import Version
from migrator.schema.engine import Change, Engine
from migrator.schema.fingerprint import fingerprints_of
from migrator.schema.provision import provision
from migrator.schema.session import Session
from tasks import desk
from tasks.copies import take_before
from tasks.failing import failed_or_again
from tasks.spares import FROM_SPARE, take_spare
from tasks.templates import template_for

log = structlog.get_logger("migrator.target")


class Migrating:
    """Brings targets up to the version of their stage."""

    def __init__(self, row: Row[Any], database: Database) -> None:
        """Raises FolderDiffers when the execution was planned with another folder than ours."""
        self._row, self._database, self._rollout = row, database, Rollout.read(row.options)
        self._is_single = row.type == EventType.TENANT_CREATED  # a customer waits, and there was no schema before
        self._folder = planned_folder(row, database)
        self._rules = desk.rules(database)
        if self._rollout.statement_timeout:
            self._rules = replace(self._rules, statement_timeout=self._rollout.statement_timeout)
        self._way_back = WaysBack(self._folder)
        self._engines: dict[int, Engine] = {}
        self._before: dict[str, str] = {}

    def begin(self, session: Session, batch: Sequence[Claim]) -> None:
        """Take the fingerprints of those schemas that are there, for the proof of a rollback; one question."""
        schemas = [claim.schema_name for claim in batch]
        asked = self._rollout.fingerprints and not self._is_single
        self._before = fingerprints_of(session, schemas, self._rules.history_table) if asked else {}

    def one(self, session: Session, claim: Claim) -> Outcome | None:
        """Migrate one target."""
        started = time.monotonic()
        try:
            copy = self._copied(session, claim)
            change, note = self._migrated(session, claim)
        except MigratorError as error:
            before = self._before.get(claim.schema_name)
            return failed_or_again(error, claim, time.monotonic() - started, fingerprint_before=before)
        if change.without_effect:
            log.warning("migrations changed nothing", scripts=change.without_effect)
        return Outcome(
            claim,
            OutcomeState.DONE,
            change.from_version,
            change.to_version,
            change.applied,
            change.seconds,
            since_rank=change.since_rank,
            until_rank=change.until_rank,
            fingerprint_before=None if change.resumed else self._before.get(claim.schema_name),
            snapshot=copy.id if copy and not change.resumed else None,
            laps=() if self._is_single else change.laps,
            refused=change.refused,
            waited=change.waited,
            note=note,
        )

    def _copied(self, session: Session, claim: Claim) -> Snapshot | None:
        to, schema = self._engine(claim.stage).to, claim.schema_name
        return take_before(
            session, self._database, schema, self._row.id, self._rollout, self._folder, to, self._way_back
        )

    def _migrated(self, session: Session, claim: Claim) -> tuple[Change, str | None]:
        """By a spare or by template where the schema is not there yet; with what there is to say of it."""
        engine = self._engine(claim.stage)
        if not self._is_new(claim):
            return engine.migrate(session, claim.schema_name, claim.tenant_id), None
        taken = take_spare(session, self._database, engine, claim.schema_name) if self._is_single else None
        if taken is not None:
            return taken, FROM_SPARE
        template = template_for(session, self._database.id, engine.folder, engine.to)
        made = provision(session, claim.schema_name, engine, template, claim.tenant_id)
        if made.replayed_because:
            log.info("history is replayed", schema=claim.schema_name, reason=made.replayed_because)
        return made.change, None

    def _is_new(self, claim: Claim) -> bool:
        """Whether the schema is, most likely, not there yet."""
        if self._database.kind.scope is not Scope.TENANT:
            return False
        asked = self._rollout.fingerprints and not self._is_single
        return claim.schema_name not in self._before if asked else self._is_single

    def _engine(self, stage: int) -> Engine:
        """One for each stage, because each goes to a version of its own."""
        if stage not in self._engines:
            self._engines[stage] = self._made(ledger.stages(self._row), stage)
        return self._engines[stage]

    def _made(self, stages: Mapping[int, Stage], number: int) -> Engine:
        asked = Version(self._row.to_version) if self._row.to_version else None
        stage = stage_among(stages, number) or Stage(number, self._database.kind.scope, asked)
        folder, to = folder_at(stage, self._folder), stage.to or asked
        return Engine(folder, self._rules, to=to, execution=self._row.id, stage=number)


def planned_folder(row: Row[Any], database: Database) -> Folder:
    """The folder of a database's scope. Raises FolderDiffers when the execution was planned with another one."""
    scope = database.kind.scope
    folder = desk.folder(scope)
    planned = row.folders.get(scope.value)
    if folder.digest != planned:
        raise FolderDiffers(path=folder.path, host=desk.host(), found=folder.digest, planned=planned)
    return folder
