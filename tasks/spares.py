"""Spares for new tenants: one is claimed, renamed and forgotten; asked for again when the tenant has its answer."""

from __future__ import annotations

import structlog

from migrator.fleet import spares
from migrator.model.spare import Spare
from migrator.model.target import Database, Scope
from migrator.schema import spare as taking
from migrator.schema.engine import Change, Engine
from migrator.schema.session import Session
from migrator.schema.spare import Left, NotTaken
from tasks import desk
from tasks.application import app
from tasks.broker_repairs import BROKER_ERRORS

FROM_SPARE = "a spare schema was renamed"
"""The note of such an outcome."""

log = structlog.get_logger("migrator.spare")


def standard() -> int:
    """How many spares a database is to have that does not say so itself; none where there are no templates."""
    return desk.settings().spares if desk.settings().templates else 0


def wanted_spares(database: Database) -> int:
    """How many spares a database is to have; none where tenants are not made from templates."""
    if database.kind.scope is not Scope.TENANT or not desk.settings().templates:
        return 0
    return standard() if database.spares is None else database.spares


def take_spare(session: Session, database: Database, engine: Engine, schema: str) -> Change | None:
    """A spare, renamed to a tenant's schema; None, and the log has the reason, where the template has to do.

    An execution that comes again gets the spare that it had. Where that was renamed before, the schema's own mark
    leads on: the engine finds it there.
    """
    digest = engine.folder.digest_at(engine.to or engine.folder.latest)
    if not wanted_spares(database) or digest is None or engine.execution is None:
        return None
    with desk.store().begin() as connection:
        spare = spares.claim(connection, database.id, digest, engine.execution)
    if spare is None:
        log.info("no spare was taken", schema=schema, reason="none is ready at the folder's state")
        return None
    found = taking.take(session, spare, schema, engine)
    if isinstance(found, NotTaken):
        _leave(spare, found, engine.execution)
        return None
    with desk.store().begin() as connection:
        spares.forget(connection, spare)
    return found


def _leave(spare: Spare, found: NotTaken, execution_id: str) -> None:
    log.warning("no spare was taken", spare=spare.schema_name, reason=found.reason)
    with desk.store().begin() as connection:
        if found.left is Left.AS_IT_WAS:
            spares.keep(connection, spare, execution_id)
        else:
            spares.fail(connection, spare, found.reason)


def follow(execution_id: str) -> None:
    """Spares are migrated with the fleet: when a rollout is over, those of its databases are brought forward."""
    with desk.store().begin() as connection:
        found = spares.pools_of(connection, execution_id, standard())
    for database_id in found:
        ask_for_spares(database_id)


def ask_for_spares(database_id: str) -> None:
    """Have a database's pool looked after, on the queue ``low``; what gets lost is upkeep's to find."""
    try:
        app.send_task("migrator.spares", (database_id,))
    except BROKER_ERRORS as error:
        log.warning("spares could not be asked for, upkeep will", database=database_id, reason=str(error))
