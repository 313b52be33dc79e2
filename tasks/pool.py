"""The spares of one database, gone through once: verified, brought forward, dropped, made."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog
from kombu.utils.uuid import uuid

from migrator.errors import MigratorError, TransientError
from migrator.fleet import lanes, registry, templates
from migrator.fleet import spares as pool
from migrator.model.folder import Folder
from migrator.model.spare import Care, Fit, Seen, Spare, SpareState, care_for
from migrator.model.target import Database, Scope
from migrator.model.template import NoTemplate, Template
from migrator.schema import spare as making
from migrator.schema.engine import Engine
from migrator.schema.session import Session
from tasks import desk
from tasks.breaker import session_to
from tasks.shift import NoSlot
from tasks.spares import standard, wanted_spares
from tasks.templates import template_for

TEMPLATE_MISSING = "the template of this state of the folder is not made yet"

log = structlog.get_logger("migrator.spare")


class PoolTaken(Exception):
    """Somebody else looks after the pool."""


class NotNow(Exception):
    """There was not enough time for all of it."""


@dataclass
class Tended:
    """What was done to a pool, and why it has not as many spares as are wanted."""

    database: str
    wanted: int = 0
    ready: int = 0
    behind: int = 0
    """Wait until a rollout is over, or for their template."""
    made: int = 0
    forwarded: int = 0
    dropped: int = 0
    refusal: str | None = None


def state_of(folder: Folder) -> str:
    """The digest that spares of a folder have."""
    return folder.digest_at(folder.latest) or folder.digest


def tend(database_id: str, until: float = math.inf, *, most: float = math.inf) -> Tended:
    """Look after a pool until a moment of the monotonic clock; ``most``: no more spares than that, whatever is wanted.

    Raises PoolTaken, NoSlot, NotNow when time is over, BreakerOpen, and what the database's answers raise.
    """
    holder = f"{desk.host()}:{os.getpid()}:{uuid()[:8]}"
    with desk.store().begin() as connection:
        database = registry.find_database(connection, database_id)
        if not pool.claim_pool(connection, database_id, holder, _lease()):
            raise PoolTaken
    digest, refusal, tended = None, None, False
    try:
        folder = desk.folder(Scope.TENANT)
        digest = state_of(folder)
        with _lane(database, holder) as session:
            done = _Tending(session, database, folder, holder).to(int(min(wanted_spares(database), most)), until)
        refusal, tended = done.refusal, True
        return done
    except TransientError:
        raise
    except MigratorError as error:
        refusal, tended = str(error), True
        raise
    finally:
        with desk.store().begin() as connection:
            pool.leave_pool(connection, database_id, holder, digest, refusal, tended=tended, standard=standard())


class _Tending:
    """One going through; whatever it holds is written down before it is begun."""

    def __init__(self, session: Session, database: Database, folder: Folder, holder: str) -> None:
        self._session, self._database, self._folder, self._holder = session, database, folder, holder
        self._engine = Engine(folder, desk.rules(database), to=folder.latest)
        self._done = Tended(database.id)

    def to(self, wanted: int, until: float) -> Tended:
        """To so many spares at the folder's state."""
        template = self._template() if wanted else None
        self._done.wanted = wanted
        self._keep_or_drop(wanted if template or self._done.refusal == TEMPLATE_MISSING else 0, template, until)
        while template and self._done.ready + self._done.behind < wanted and not self._done.refusal:
            self._in_time(until)
            self._make(template)
        return self._done

    def _template(self) -> Template | None:
        """The one that spares are made from; None, and the reason is the refusal, where there can be no spares."""
        template = template_for(self._session, self._database.id, self._folder, self._folder.latest)
        if template is None:
            self._done.refusal = self._why_none()
        elif said := self._names_itself(template):
            self._done.refusal = f"a schema could not be renamed, because it says its own name as text: {said}"
            return None
        return template

    def _why_none(self) -> str:
        digest, server = state_of(self._folder), self._session.connection.info.server_version // 10000
        with desk.store().begin() as connection:
            found = templates.find(connection, digest, server)
        return found.reason if isinstance(found, NoTemplate) else TEMPLATE_MISSING

    def _names_itself(self, template: Template) -> str:
        """Looked for once for each template, and then known to all."""
        with desk.store().begin() as connection:
            known = templates.names_itself(connection, template.digest, template.server)
        if known is None:
            known = making.names_itself(self._session, template, self._engine, desk.pg_places())
            with desk.store().begin() as connection:
                templates.note_names(connection, template.digest, template.server, known)
        return known

    def _keep_or_drop(self, wanted: int, template: Template | None, until: float) -> None:
        with desk.store().begin() as connection:
            found = pool.spares(connection, self._database.id)
            busy = pool.is_rolling_out(connection, self._database.id)
        seen = making.look(self._session, [spare.schema_name for spare in found], self._engine.rules)
        busy = busy or template is None
        for spare in found:
            here = seen.get(spare.schema_name)
            care = care_for(spare, here, state_of(self._folder), busy=busy)
            if care in (Care.KEEP, Care.FORWARD) and self._done.ready >= wanted:
                care = Care.DROP
            if care is Care.LEAVE and not wanted and spare.state is not SpareState.TAKEN:
                care = Care.DROP
            self._in_time(until)
            self._take_care(spare, here, care, template)

    def _take_care(self, spare: Spare, seen: Seen | None, care: Care, template: Template | None) -> None:
        if care is Care.LEAVE:
            self._done.behind += spare.state is SpareState.READY
            return
        if care is Care.KEEP and seen and spare.state is SpareState.READY and seen.stamp == spare.stamp:
            self._done.ready += 1
            return
        with desk.store().begin() as connection:
            mine = pool.take_back(connection, spare, self._holder)
        if not mine:
            return  # a tenant was quicker
        if care is Care.KEEP and seen and spare.digest:
            self._ready(spare.schema_name, Fit(spare.digest, spare.version, spare.rank, seen))
        elif care is Care.FORWARD and template:
            self._forward(spare, template)
        else:
            self._drop(spare, None if care is Care.FORGET else _why(spare, seen))

    def _forward(self, spare: Spare, template: Template) -> None:
        def work() -> Fit:
            return making.forward(self._session, spare.schema_name, self._engine, template)

        if self._worked(spare.schema_name, work):
            self._done.forwarded += 1

    def _make(self, template: Template) -> None:
        name = making.new_name()
        with desk.store().begin() as connection:
            pool.begin(connection, self._database.id, name, self._holder)

        def work() -> Fit:
            return making.make_spare(self._session, name, self._engine, template)

        if self._worked(name, work):
            self._done.made += 1

    def _worked(self, name: str, work: Callable[[], Fit]) -> bool:
        """Whether it became a spare; what passes is raised, any other failure drops it and stops the making of more."""
        try:
            fit = work()
        except TransientError:
            raise
        except MigratorError as error:
            self._done.refusal = str(error)
            self._drop(Spare(self._database.id, name, SpareState.MAKING), str(error))
            return False
        return self._ready(name, fit)

    def _ready(self, name: str, fit: Fit) -> bool:
        with desk.store().begin() as connection:
            kept = pool.ready(connection, self._database.id, name, self._holder, fit)
        self._done.ready += kept
        return kept

    def _drop(self, spare: Spare, reason: str | None) -> None:
        """The schema first, so that none is ever there without a row."""
        making.drop_spare(self._session, spare.schema_name)
        with desk.store().begin() as connection:
            pool.forget(connection, spare)
        self._done.dropped += 1
        if reason:
            log.warning("spare dropped", spare=spare.schema_name, reason=reason)

    def _in_time(self, until: float) -> None:
        """Go on, for as long as there is time and nobody else has taken over."""
        if time.monotonic() >= until:
            raise NotNow
        with desk.store().begin() as connection:
            lanes.renew(connection, self._database.id, self._holder, _lease())
            if not pool.renew_pool(connection, self._database.id, self._holder, _lease()):
                raise PoolTaken


def _why(spare: Spare, seen: Seen | None) -> str | None:
    if spare.state is SpareState.FAILED:
        return "it could not be taken"
    if spare.state is SpareState.MAKING:
        return "whoever made it did not finish"
    return "somebody has changed it" if seen and seen.fingerprint != spare.fingerprint else None


def _lease() -> float:
    """Seconds; longer than any one spare takes."""
    return 4 * desk.settings().lease


@contextmanager
def _lane(database: Database, holder: str) -> Iterator[Session]:
    """A connection within the database's budget, one of those for rollouts."""
    budget = desk.budget(database)
    with desk.store().begin() as connection:
        lanes.prepare(connection, database.id, budget)
        slot = lanes.take(connection, database.id, holder, budget, _lease())
    if slot is None:
        raise NoSlot
    try:
        with session_to(database, f"migrator spares {slot}") as session:
            yield session
    finally:
        with desk.store().begin() as connection:
            lanes.leave(connection, database.id, holder)
