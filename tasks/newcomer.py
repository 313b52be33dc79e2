"""The short way of a new tenant to a spare: three transactions of the control database and one of the target's.

Opening the execution, claiming target, slot and spare is one; renaming the next; the last one has the outcome, the
report and the end of execution and event. Whoever dies in between leaves claims that run out, and the usual way goes
on from what ledger and schema say. Where there is no spare, nothing of this is begun.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import structlog
from sqlalchemy import Connection

from migrator.errors import DependencyUnmet, MigratorError
from migrator.fleet import claims, lanes, ledger, registry, spares, waves
from migrator.fleet.claims import Claimer
from migrator.model.event import Event
from migrator.model.execution import Claim, ExecutionState, Outcome, OutcomeState
from migrator.model.folder import Folder
from migrator.model.plan import by_scope, make_plan
from migrator.model.preflight import LANE
from migrator.model.spare import Spare
from migrator.model.target import Database, Scope, Target, Tenant
from migrator.model.version import Version
from migrator.schema import spare as taking
from migrator.schema.engine import Change, Engine
from migrator.schema.rules import Rules
from migrator.schema.spare import Left, NotTaken
from tasks import desk, rollout
from tasks.dependencies import refuse_unmet
from tasks.ending import finished
from tasks.event_task import EventTask, Report
from tasks.kept import kept
from tasks.lane import claimer_for
from tasks.spares import FROM_SPARE, wanted_spares
from tasks.survey import NOTHING_ASKED
from tasks.told import tell

log = structlog.get_logger("migrator.spare")

WAVE = 1
"""A single target is in the first wave, which is the only one."""


@dataclass(frozen=True)
class Begun:
    """What was claimed for a newcomer."""

    event: Event
    database: Database
    claimer: Claimer
    claim: Claim
    spare: Spare
    engine: Engine


def hand_over(task: EventTask, event: Event, tenant: Tenant, to: Version | None) -> Report | None:
    """Give a spare to a new tenant; its report, or None, and the log has the reason, when the usual way has to do.

    The tenant is registered and its execution perhaps open then. Raises what registering a tenant raises.
    """
    folder = desk.folder(Scope.TENANT)
    target = Target(tenant.database_id, tenant.schema_name, Scope.TENANT, tenant.id)
    try:
        refuse_unmet([target], [target], NOTHING_ASKED, {Scope.TENANT: folder}, to)
    except DependencyUnmet:
        return None
    with desk.store().begin(flush=False) as connection:
        begun = _begin(connection, task, event, tenant, target, folder, to)
    if begun is None:
        return None
    found = _taken(begun)
    if not isinstance(found, Change):
        _give_back(begun, found)
        return None
    return _ended(begun, found)


def _begin(
    connection: Connection,
    task: EventTask,
    event: Event,
    tenant: Tenant,
    target: Target,
    folder: Folder,
    to: Version | None,
) -> Begun | None:
    """Everything that has to be written down before the schema is touched, if there is a spare to take."""
    if ledger.has_execution(connection, event.id):
        return None  # it came again
    database = registry.find_database(connection, tenant.database_id)
    registry.add_tenant(connection, tenant)
    digest = folder.digest_at(to or folder.latest)
    if not wanted_spares(database) or digest is None:
        return None
    plan = make_plan(by_scope([target]))
    opened = rollout.open_execution(
        connection, event, plan, {Scope.TENANT: folder}, requested_by=f"tenant {tenant.id}", to=to
    )
    if not opened or ledger.execution(connection, event.id).state != ExecutionState.RUNNING:
        return None  # another execution has the schema
    spare = spares.claim(connection, database.id, digest, event.id)
    if spare is None:
        log.info("no spare was taken", schema=tenant.schema_name, reason="none is ready at the folder's state")
        return None
    claimer = claimer_for(task, event.id, database.id, WAVE)
    claim = _claim(connection, database, claimer)
    if claim is None:
        spares.keep(connection, spare, event.id)
        return None
    engine = Engine(folder, _rules(database), to=to, execution=event.id, stage=claim.stage)
    return Begun(event, database, claimer, claim, spare, engine)


def _claim(connection: Connection, database: Database, claimer: Claimer) -> Claim | None:
    """The only target, and a slot of its database; None when there is no slot."""
    budget, seconds = desk.budget(database), claimer.lease_seconds
    if lanes.take(connection, database.id, claimer.holder, budget, seconds, single=True) is None:
        return None  # none is free, or none was ever made
    waves.note_sent(connection, claimer.execution_id, WAVE)
    [claim] = claims.claim(connection, claimer, 1)
    return claim


def _rules(database: Database) -> Rules:
    """Nobody renews the claims meanwhile, so the server gives up before they run out."""
    rules = desk.rules(database)
    return replace(rules, statement_timeout=min(rules.statement_timeout, desk.settings().lease / 2))


def _taken(begun: Begun) -> Change | NotTaken:
    schema = begun.claim.schema_name
    try:
        with kept().session(begun.database, f"{LANE} for newcomers") as session:
            return taking.take(session, begun.spare, schema, begun.engine)
    except MigratorError as error:
        # A broken connection leaves it open whether it was renamed; the usual way claims the same spare and finds out.
        return NotTaken(str(error), Left.UNKNOWN)


def _give_back(begun: Begun, found: NotTaken) -> None:
    log.warning("no spare was taken", spare=begun.spare.schema_name, reason=found.reason)
    with desk.store().begin() as connection:
        if found.left is Left.AS_IT_WAS:
            spares.keep(connection, begun.spare, begun.event.id)
        elif found.left is Left.UNFIT:
            spares.fail(connection, begun.spare, found.reason)
        claims.give_back(connection, begun.claimer)
        lanes.leave(connection, begun.database.id, begun.claimer.holder)


def _ended(begun: Begun, change: Change) -> Report | None:
    """Outcome, report and end at once; None when somebody has taken over meanwhile, and it is theirs to end."""
    outcome = Outcome(
        begun.claim,
        OutcomeState.DONE,
        change.from_version,
        change.to_version,
        change.applied,
        change.seconds,
        since_rank=change.since_rank,
        until_rank=change.until_rank,
        note=FROM_SPARE,
    )
    with desk.store().begin() as connection:
        spares.forget(connection, begun.spare)
        lanes.leave(connection, begun.database.id, begun.claimer.holder)
        claims.write_outcomes(connection, begun.event.id, [outcome])
        report = finished(connection, begun.event)
    if report is not None:
        tell(outcome)
    return report
