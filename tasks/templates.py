"""Templates for new tenants: looked up when one is needed, made on the low queue when there is none yet."""

from __future__ import annotations

import time

import structlog

from migrator.errors import BreakerOpen, MigratorError, TransientError
from migrator.fleet import registry, templates
from migrator.fleet.templates import Making
from migrator.model.folder import Folder
from migrator.model.target import Database, Scope
from migrator.model.template import NoTemplate, Template
from migrator.model.version import Version
from migrator.schema.backends import notice_loss
from migrator.schema.scratch import drop_stale
from migrator.schema.session import Session
from migrator.schema.template import make_template
from tasks import desk
from tasks.application import app
from tasks.breaker import BreakerTask, countdown, session_to
from tasks.broker_repairs import BROKER_ERRORS
from tasks.heartbeat import Heartbeat
from tasks.spares import ask_for_spares, wanted_spares

LEASES = 4
"""So many leases without a sign of life, and its maker is lost: a message comes back before."""
ASK_AGAIN_SECONDS = 60.0
TRY_AGAIN_SECONDS = 2.0

log = structlog.get_logger("migrator.template")

_known: dict[tuple[str, int], Template | NoTemplate] = {}
_asked: dict[tuple[str, int], float] = {}


def template_for(session: Session, database_id: str, folder: Folder, to: Version | None) -> Template | None:
    """The template of a folder's state; None, and it is asked for, while there is none."""
    digest = folder.digest_at(to or folder.latest)
    if not desk.settings().templates or digest is None:
        return None
    key = digest, session.connection.info.server_version // 10000
    if key not in _known:
        with desk.store().begin() as connection:
            found = templates.find(connection, *key)
        if found is None:
            _ask_for(key, database_id, to)
            return None
        _known[key] = found
    found = _known[key]
    return found if isinstance(found, Template) else None


class TemplateTask(BreakerTask):
    """Its database is its first argument."""

    abstract = True

    def database_of(self, database_id: str, to: str | None = None) -> str:
        """The one that has the scratch schemas."""
        return database_id


@app.task(name="migrator.template", bind=True, base=TemplateTask, ignore_result=True)
def template(self: TemplateTask, database_id: str, to: str | None = None) -> None:
    """Make the template of the tenants' folder up to a version, by scratch schemas in one database; once is enough.

    What a run that died meanwhile has left is dropped first. A connection that broke, and a worker that died, are tried
    again as often as an event.
    """
    folder, version = desk.folder(Scope.TENANT), Version(to) if to else None
    digest = folder.digest_at(version or folder.latest)
    with desk.store().begin() as connection:
        database = registry.find_database(connection, database_id)
    if digest is None:
        return
    try:
        made = _made(database, folder, version, digest, again=_is_another_try(self))
    except BreakerOpen as shut:
        if not shut.is_hopeless:
            self.come_again(countdown(shut))
        log.warning("no template could be made", database=database_id, reason=str(shut))
        return
    except TransientError as error:
        if self.request.retries < desk.settings().max_retries:
            raise self.retry(exc=error, countdown=TRY_AGAIN_SECONDS) from error
        log.warning("no template could be made", database=database_id, reason=str(error))
        return
    except MigratorError as error:
        log.warning("no template could be made", database=database_id, reason=str(error))
        return
    if made is None:
        return
    log.info("template made", digest=digest, reason=made.reason if isinstance(made, NoTemplate) else None)
    if wanted_spares(database):
        ask_for_spares(database_id)


def _made(
    database: Database, folder: Folder, version: Version | None, digest: str, *, again: bool
) -> Template | NoTemplate | None:
    """Make it and keep it; None when it is made already, or somebody else is at it."""
    with session_to(database, "migrator template") as session:
        notice_loss(session)
        drop_stale(session)
        server = session.connection.info.server_version // 10000
        making = Making(digest, server, database.id, str(version) if version else None)
        lease = LEASES * desk.settings().lease
        with desk.store().begin() as connection:
            if not templates.claim(connection, making, lease, again=again):
                return None
        try:
            with Heartbeat(f"template {digest}", lease, lambda held: templates.renew(held, making, lease)):
                made = make_template(session, folder, version, desk.rules(database), desk.pg_places())
        except MigratorError:
            _leave(session, making)
            raise
    with desk.store().begin() as connection:
        templates.keep(connection, made)
    return made


def _leave(session: Session, making: Making) -> None:
    """Where the connection broke the scratch schemas are still there: to upkeep that is a maker that was lost."""
    if not session.is_closed:
        with desk.store().begin() as connection:
            templates.leave(connection, making)


def look_around() -> None:
    """Ask once more for the templates whose maker was lost with its message; that drops what it had made, too."""
    with desk.store().begin() as connection:
        lost = templates.take_lost(connection)
    for row in lost:
        log.warning("a template's maker was lost, it is asked for again", database=row.database_id)
        _send(row.database_id, row.version)


def _is_another_try(task: TemplateTask) -> bool:
    """Whether an earlier run of the same message broke off: it was tried again by us, or delivered again."""
    return bool(task.request.retries or (task.request.delivery_info or {}).get("redelivered"))


def _ask_for(key: tuple[str, int], database_id: str, to: Version | None) -> None:
    """Not more often than now and then: many tenants may come before it is made."""
    now = time.monotonic()
    if now - _asked.get(key, -ASK_AGAIN_SECONDS) < ASK_AGAIN_SECONDS:
        return
    _asked[key] = now
    _send(database_id, str(to) if to else None)


def _send(database_id: str, to: str | None) -> None:
    try:
        template.apply_async((database_id, to))
    except BROKER_ERRORS as error:
        log.warning("template could not be asked for", reason=str(error))
