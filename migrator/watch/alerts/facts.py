"""What the rules judge: plain facts, read from the ledger in one look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from migrator.fleet import causes, ticks
from migrator.watch.alerts.limits import Limits


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """Events that failed lately: one with an execution, or all of a type that failed of the same error."""

    type: str
    count: int
    ids: Sequence[str]
    """The last ones."""
    reason: str
    error: str = ""
    """The name of the error."""
    execution: str | None = None


@dataclass(frozen=True, slots=True)
class Halted:
    """An execution that halted."""

    execution: str
    reason: str | None
    wave: int
    waves: int
    total: int
    done: int
    failed: int


@dataclass(frozen=True, slots=True)
class BadRollback:
    """A rollback that came to a bad end; ``total`` is 0 when it never had a plan."""

    event: str
    takes_back: str
    state: str
    total: int
    done: int
    failed: int
    reason: str | None


@dataclass(frozen=True, slots=True)
class OpenExecution:
    """An execution that has not ended."""

    execution: str
    state: str
    wave: int
    waves: int
    total: int
    done: int
    failed: int
    forgiven: int = 0
    most_failures: int | None = None
    wave_failed: int = 0
    wave_most: int | None = None
    left: int = 0
    """Targets without an outcome."""
    held: int = 0
    """Those among them that a lane is at work on."""
    wave_left: int = 0
    """Those of the wave that was sent out."""
    unexplained: Sequence[str] = ()
    """Databases with targets of that wave left that neither a breaker nor preflight holds up."""
    waits_for: str | None = None
    is_early: bool = False
    """Whether it waits for a moment: the end of a soak, its window."""
    quiet_seconds: float = 0.0
    """Since when nothing came of it: no outcome, no wave, no operator's word."""


@dataclass(frozen=True, slots=True)
class OpenBreaker:
    """A breaker that is not closed."""

    database: str
    state: str
    reason: str | None
    by: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Drift:
    """A database where the last look for drift found some."""

    database: str
    execution: str
    count: int
    schemas: Sequence[str]
    """The first ones."""


@dataclass(frozen=True, slots=True)
class DueEvents:
    """Events of a queue whose time has come and that nobody takes."""

    queue: str
    count: int
    seconds: float
    """How long the oldest has waited."""
    id: str
    type: str


@dataclass(frozen=True, slots=True)
class Unsent:
    """Published events that the relay could send and has not."""

    count: int
    seconds: float
    """How long the oldest has waited."""
    id: str


@dataclass(frozen=True, slots=True)
class ShortPool:
    """A database that has fewer spares than are wanted."""

    database: str
    wanted: int
    ready: int
    seconds: float
    """Since when."""
    refusal: str | None = None
    """Why there can be no more."""


@dataclass(frozen=True, slots=True)
class WornTarget:
    """A target on which workers were lost that had nothing else in hand."""

    execution: str
    database: str
    schema: str
    tenant: str | None
    count: int


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that the rules are told."""

    dead_letters: Sequence[DeadLetters] = ()
    halted: Sequence[Halted] = ()
    rollbacks: Sequence[BadRollback] = ()
    open: Sequence[OpenExecution] = ()
    breakers: Sequence[OpenBreaker] = ()
    drift: Sequence[Drift] = ()
    due: Sequence[DueEvents] = ()
    unsent: Unsent | None = None
    pools: Sequence[ShortPool] = ()
    worn: Sequence[WornTarget] = ()
    beat_silent_seconds: float | None = None
    """Since beat was last seen, or since anybody looks when it never was; None when nobody knows."""
    beat_seen: bool = True
    """Whether beat was ever seen."""


def read_facts(connection: Connection, limits: Limits) -> Facts:
    """Ask the ledger."""
    silent, seen = _beat(connection)
    unsent = causes.relay(connection)
    return Facts(
        dead_letters=[
            DeadLetters(r.type, r.number, r.ids, r.reason, r.error, r.execution_id)
            for r in causes.dead_letters(connection, limits.failed_within)
        ],
        halted=[
            Halted(r.id, r.reason, r.wave, r.waves, r.total, r.done, r.failed)
            for r in causes.halted(connection, limits.news)
        ],
        rollbacks=[
            BadRollback(r.id, r.takes_back, r.state, r.total, r.done, r.failed, r.reason)
            for r in causes.rollbacks(connection, limits.news)
        ],
        open=_open(connection, limits.preflight_fresh),
        breakers=[OpenBreaker(r.database_id, r.state, r.reason, r.by, r.at) for r in causes.breakers(connection)],
        drift=[Drift(r.database_id, r.id, r.number, r.schemas) for r in causes.drift(connection, limits.news)],
        due=[DueEvents(r.priority, r.number, float(r.seconds), r.id, r.type) for r in causes.due_events(connection)],
        unsent=Unsent(unsent.number, float(unsent.seconds), unsent.id) if unsent is not None else None,
        pools=short_pools(connection, limits.spares),
        worn=[
            WornTarget(r.execution_id, r.database_id, r.schema_name, r.tenant_id, r.number)
            for r in causes.losses(connection, limits.losses)
        ],
        beat_silent_seconds=silent,
        beat_seen=seen,
    )


def short_pools(connection: Connection, standard: int) -> list[ShortPool]:
    """Those that have fewer spares than are wanted now."""
    return [
        ShortPool(r.database_id, r.wanted, r.ready, float(r.seconds), r.refusal)
        for r in causes.pools(connection, standard)
    ]


def _open(connection: Connection, fresh: float) -> list[OpenExecution]:
    return [
        OpenExecution(
            execution=r.id,
            state=r.state,
            wave=r.wave,
            waves=r.waves,
            total=r.total,
            done=r.done,
            failed=r.failed,
            forgiven=r.forgiven,
            most_failures=r.most_failures,
            wave_failed=r.wave_failed or 0,
            wave_most=r.wave_most,
            left=r.left,
            held=r.held,
            wave_left=r.wave_left,
            unexplained=r.unexplained or (),
            waits_for=r.waits_for if r.state == "pending" else None,
            is_early=r.is_early,
            quiet_seconds=float(r.quiet_seconds),
        )
        for r in causes.open_executions(connection, fresh)
    ]


def _beat(connection: Connection) -> tuple[float | None, bool]:
    beat = ticks.tick(connection, ticks.BEAT)
    if beat is not None:
        return float(beat.age), True
    watched = ticks.tick(connection, ticks.WATCH)
    return (float(watched.known) if watched is not None else None), False
