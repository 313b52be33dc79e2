"""The timeline: executions, waves, operators' words, breakers, waits and alerts, in the order in which they came."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row

from migrator.fleet import happenings
from migrator.watch.alerts.words import in_short
from migrator.watch.progress import spoken_seconds

MOST = 1000


class Kind(StrEnum):
    """What a happening is about."""

    EXECUTION = "execution"
    WAVE = "wave"
    ACTION = "action"
    """What an operator did, or what was noted as if one had."""
    BREAKER = "breaker"
    WAIT = "wait"
    """Preflight said stop: a lock, a long transaction, a replica that is behind; and has not taken it back."""
    ALERT = "alert"


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened. ``ended_at`` is None for what is not over, and for what has no length."""

    at: datetime
    ended_at: datetime | None
    kind: Kind
    what: str
    """In one word: the state of an execution or breaker, the action, the check that failed, the change of an alert."""
    sentence: str
    execution: str | None
    database: str | None
    alert: int | None
    by: str | None
    facts: Mapping[str, Any]

    def document(self) -> dict[str, Any]:
        """As plain values for JSON, moments in UTC."""
        return asdict(self) | {
            "at": _spoken(self.at),
            "ended_at": _spoken(self.ended_at) if self.ended_at else None,
            "kind": self.kind.value,
        }


def timeline(
    connection: Connection,
    since: datetime,
    until: datetime,
    kinds: Collection[Kind] | None = None,
    most: int = MOST,
) -> list[Happening]:
    """What happened from ``since`` to before ``until``, oldest first; of more than ``most`` the newest ones.

    ``kinds`` is None for all. An execution counts when any part of it lies between the two moments.
    """
    found = happenings.between(connection, since, until, kinds, most)
    return [_happening(row) for row in reversed(found)]


def _happening(row: Row[Any]) -> Happening:
    kind = Kind(row.kind)
    return Happening(
        at=row.at,
        ended_at=row.ended_at,
        kind=kind,
        what=row.what,
        sentence=_SENTENCES[kind](row),
        execution=row.execution_id,
        database=row.database_id,
        alert=row.alert_id,
        by=row.by,
        facts=row.facts,
    )


def _execution(row: Row[Any]) -> str:
    facts = row.facts
    took = f" after {spoken_seconds((row.ended_at - row.at).total_seconds())}" if row.ended_at else ""
    counts = f"{facts['done']} of {facts['total']} targets done, {facts['failed']} failed"
    said = f"execution {row.execution_id} ({facts['work']}) asked for by {row.by}: "
    return f"{said}{row.what.replace('_', ' ')}{took}, {counts}" + _because(row.note)


def _wave(row: Row[Any]) -> str:
    facts = row.facts
    name = f"wave {facts['wave']}" + (" (canary)" if row.what == "canary" else "")
    counts = f"{facts['done']} of {facts['total']} targets done, {facts['failed']} failed"
    return f"{name} of execution {row.execution_id} sent out: {counts}"


def _action(row: Row[Any]) -> str:
    if row.what == "send_again":
        return f"event {row.execution_id} sent again by {row.by}, it had failed" + _because(row.note)
    return f"{row.what.replace('_', ' ')} of execution {row.execution_id} by {row.by}" + _because(row.note)


def _breaker(row: Row[Any]) -> str:
    return f"breaker of database {row.database_id}: {row.facts['from']} to {row.what}" + _because(row.note)


def _wait(row: Row[Any]) -> str:
    return f"execution {row.execution_id} waits for database {row.database_id}" + _because(row.note)


def _alert(row: Row[Any]) -> str:
    by = f" by {row.by}" if row.by else ""
    return f"alert {row.alert_id}, {row.facts['rule']}, {row.what.replace('_', ' ')}{by}" + _because(row.note)


def _because(note: str | None) -> str:
    return f": {in_short(note)}" if note else ""


_SENTENCES = {
    Kind.EXECUTION: _execution,
    Kind.WAVE: _wave,
    Kind.ACTION: _action,
    Kind.BREAKER: _breaker,
    Kind.WAIT: _wait,
    Kind.ALERT: _alert,
}


def _spoken(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
