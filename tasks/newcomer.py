"""The short way of a new tenant to a spare: three transactions of the control database and one of the target's.

Opening the execution, claiming target, slot and spare is one; renaming the next; the last one has the outcome, the
report and the end of execution and event. Each is few round trips, see ``migrator.fleet.newcomers``. Whoever dies in
between leaves claims that run out, and the usual way goes on from what ledger and schema say. Where there is no spare,
nothing of this is begun.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import structlog
from sqlalchemy import Connection

from migrator.errors import DependencyUnmet, MigratorError
from migrator.fleet import claims, events, lanes, newcomers, spares
from migrator.fleet.claims import Claimer
from migrator.fleet.ledger import Request
from migrator.model.event import Event
from migrator.model.execution import Claim, Outcome, OutcomeState
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
from migrator.watch.report import newcomer_report
from tasks import desk
from tasks.dependencies import refuse_unmet
from tasks.ending import finished, tell_end
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
    try:
        with desk.store().begin() as connection:
            begun = _begin(connection, task, event, tenant, target, folder, to)
    except _NothingBegun as error:
        log.info("no spare was taken", schema=tenant.schema_name, reason=str(error))
        return None
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
    arrival = newcomers.arrive(connection, event.id, tenant)
    digest = folder.digest_at(to or folder.latest)
    if arrival.is_open or not wanted_spares(arrival.database) or digest is None:
        return None
    claimer = claimer_for(task, event.id, tenant.database_id, WAVE)
    plan = make_plan(by_scope([target]))
    request = Request(f"tenant {tenant.id}", {Scope.TENANT.value: folder.digest}, to)
    claimed = newcomers.begin(connection, claimer, plan, request, digest, desk.budget(arrival.database))
    if claimed.claim is None or claimed.spare is None:
        raise _NothingBegun(claimed.missing)
    engine = Engine(folder, _rules(arrival.database), to=to, execution=event.id, stage=claimed.claim.stage)
    return Begun(event, arrival.database, claimer, claimed.claim, claimed.spare, engine)


class _NothingBegun(Exception):
    """Rolls back what was written, because of this."""


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
        row = newcomers.end(connection, begun.claimer, begun.spare, outcome)
        report = newcomer_report(row, outcome) if row is not None else finished(connection, begun.event)
        if row is not None and report is not None:
            events.complete(connection, begun.event.id, report)
            tell_end(begun.event.id, report)
    if report is not None:
        tell(outcome)
    return report
