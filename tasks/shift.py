"""One shift of a lane: take a slot of the database's budget, a connection, and work until the time is over."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import structlog
from sqlalchemy import Connection, Row

from migrator.errors import FolderDiffers, MigratorError, TransientError
from migrator.fleet import lanes, ledger, registry
from migrator.fleet.ledger import Claimer
from migrator.model.execution import Claim, Failure, Outcome, OutcomeState
from migrator.model.plan import next_batch
from migrator.model.target import Database
from migrator.model.version import Version
from migrator.schema.engine import Engine
from migrator.schema.session import Session, session_on
from tasks import desk, mirror
from tasks.heartbeat import Heartbeat

log = structlog.get_logger("migrator.target")


MOST_CLAIMS = 3
"""How often a target is claimed before what keeps happening to it becomes its outcome."""


class NoSlot(Exception):
    """All slots of the database are taken; nothing was claimed."""


def work_shift(claimer: Claimer, until: float, *, single: bool = False) -> bool:
    """Migrate free targets until there are none, then True, or until a moment of the monotonic clock, then False.

    Also False when some are free again because of something that passes: another session's lock, a lost
    connection. Raises NoSlot, or the MigratorError because of which no target of the database can be worked
    on. Whatever was claimed and not finished is free again then.
    """
    with desk.store().begin() as connection:
        database = registry.find_database(connection, claimer.database_id)
        execution = ledger.execution(connection, claimer.execution_id)
        budget = desk.budget(database)
        lanes.prepare(connection, database.id, budget)
        slot = lanes.take(connection, database.id, claimer.holder, budget, claimer.lease_seconds, single=single)
    if slot is None:
        raise NoSlot
    try:
        engine = _engine(execution, database)
        name = f"migrator lane {slot} {claimer.execution_id}"
        with Heartbeat(claimer), session_on(database, name, desk.access()) as session:
            return Shift(replace(claimer, lanes=budget.bulk), engine, session, quiet=single).work(until)
    finally:
        with desk.store().begin() as connection:
            ledger.give_back(connection, claimer)
            lanes.leave(connection, database.id, claimer.holder)


class Shift:
    """A lane with all it needs: its claims, its engine and its connection."""

    def __init__(self, claimer: Claimer, engine: Engine, session: Session, *, quiet: bool) -> None:
        self.claimer, self.engine, self.session, self.quiet = claimer, engine, session, quiet
        self._pace = mirror.Pace(desk.settings().progress_every)
        self._unwritten: list[Outcome] = []
        self._current: str | None = None
        self._put_back = False

    def work(self, until: float) -> bool:
        """Batch after batch; a batch is as large as what fits into about a second."""
        try:
            claims = self._turn(next_batch(0, 0))
            while claims:
                started = time.monotonic()
                self._migrate(claims)
                if time.monotonic() >= until or self.session.is_closed:
                    return False
                claims = self._turn(next_batch(len(claims), time.monotonic() - started))
            return not self._put_back
        finally:
            if self._unwritten:
                self._write()
            self._show()

    def _turn(self, size: int) -> list[Claim]:
        """Write down what is done and claim what comes next, in one transaction."""
        with desk.store().begin() as connection:
            self._write_by(connection)
            claims = ledger.claim(connection, self.claimer, size)
        self._unwritten = []
        return claims

    def _migrate(self, claims: Sequence[Claim]) -> None:
        for claim in claims:
            if self.session.is_closed:
                return  # what is left was not tried and is given back, whatever ended the connection
            outcome = migrate_target(self.engine, self.session, claim)
            if outcome is None:
                self._put_back = True
                continue
            self._unwritten.append(outcome)
            self._current = f"{claim.database_id}/{claim.schema_name}"
            if self._pace.is_due():
                self._write()
                self._show()

    def _write(self) -> None:
        with desk.store().begin() as connection:
            self._write_by(connection)
        self._unwritten = []

    def _write_by(self, connection: Connection) -> None:
        if self._unwritten:
            ledger.write_outcomes(connection, self.claimer.execution_id, self._unwritten)

    def _show(self) -> None:
        if self._current and not self.quiet:
            mirror.show(self.claimer.execution_id, self._current)


def migrate_target(engine: Engine, session: Session, claim: Claim) -> Outcome | None:
    """Migrate one target; its own failure is an outcome.

    None for a failure that may pass: the target is claimed again a little later, but not for ever.
    """
    started = time.monotonic()
    try:
        change = engine.migrate(session, claim.schema_name, claim.tenant_id)
    except MigratorError as error:
        again = isinstance(error, TransientError) and claim.fence < MOST_CLAIMS
        said = "target is put back" if again else "target failed"
        log.warning(said, schema=claim.schema_name, tenant=claim.tenant_id, reason=str(error))
        seconds = time.monotonic() - started
        return None if again else Outcome(claim, OutcomeState.FAILED, seconds=seconds, failure=_failure(error))
    if change.without_effect:
        log.warning("migrations changed nothing", schema=claim.schema_name, scripts=change.without_effect)
    log.info(
        "target done",
        schema=claim.schema_name,
        tenant=claim.tenant_id,
        version=change.to_version,
        applied=len(change.applied),
        seconds=round(change.seconds, 4),
    )
    return Outcome(claim, OutcomeState.DONE, change.from_version, change.to_version, change.applied, change.seconds)


def _failure(error: MigratorError) -> Failure:
    facts = error.facts
    script = facts.get("script")
    return Failure(
        message=str(error),
        sqlstate=facts.get("sqlstate"),
        script=str(script) if script else None,
        line=facts.get("line"),
        statement=facts.get("statement"),
    )


def _engine(execution: Row[tuple[object, ...]], database: Database) -> Engine:
    """The engine for an execution. Raises FolderDiffers when it was planned with another folder than ours."""
    scope = database.kind.scope
    folder = desk.folder(scope)
    planned = execution.folders.get(scope.value)
    if folder.digest != planned:
        raise FolderDiffers(path=folder.path, host=desk.host(), found=folder.digest, planned=planned)
    to = Version(execution.to_version) if execution.to_version else None
    return Engine(folder, desk.rules(database), to=to, execution=execution.id)
