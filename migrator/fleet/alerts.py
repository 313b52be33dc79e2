"""Alerts in the ledger: fired, kept, resolved and silenced; each change is written down."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from migrator.errors import AlertOver, UnknownAlert
from migrator.fleet import deliveries
from migrator.fleet.store import first, rows, run
from migrator.model.alert import Changes, Finding


def lock(connection: Connection) -> datetime:
    """Nobody else changes alerts by the rules until the transaction ends; the control database's time."""
    found = first(connection, "lock_rules")
    if found is None:
        raise ValueError("a SELECT without rows")
    now: datetime = found.now
    return now


def opened(connection: Connection) -> Sequence[Row[Any]]:
    """The alerts that are not resolved, oldest first."""
    return rows(connection, "open_alerts")


def apply(connection: Connection, changes: Changes, now: datetime) -> list[int]:
    """Write what was decided; the ids of those that fired."""
    fired = [id_ for finding in changes.fire if (id_ := _fire(connection, finding, now)) is not None]
    for alert, finding in changes.keep:
        run(connection, "keep_alert", id=alert.id, now=now, **_said(finding))
        if alert.calm_since is not None:
            note(connection, alert.id, "came_back", said=finding.sentence)
    for alert in changes.calm:
        run(connection, "calm_alert", id=alert.id, now=now)
    for alert in changes.resolve:
        if run(connection, "resolve_alert", id=alert.id, now=now):
            note(connection, alert.id, "resolved")
            deliveries.tell_resolved(connection, alert.id)
    return fired


def _fire(connection: Connection, finding: Finding, now: datetime) -> int | None:
    fired = first(connection, "fire_alert", rule=finding.rule, key=finding.key, now=now, **_said(finding))
    if fired is None:
        return None
    note(connection, fired.id, "fired", said=finding.sentence)
    return int(fired.id)


def _said(finding: Finding) -> dict[str, Any]:
    facts = json.dumps(dict(finding.facts), default=str)
    return {"severity": finding.severity.value, "sentence": finding.sentence, "facts": facts}


def silence(connection: Connection, alert_id: int, seconds: float, by: str, because: str | None = None) -> datetime:
    """Nobody is told of an open alert for so long; until when. Raises UnknownAlert, or AlertOver."""
    found = first(connection, "silence_alert", id=alert_id, seconds=seconds, by=by, because=because)
    if found is None:
        raise AlertOver(alert=find(connection, alert_id).id)
    deliveries.drop(connection, alert_id)
    note(connection, alert_id, "silenced", by, because)
    until: datetime = found.silenced_until
    return until


def unsilence(connection: Connection, alert_id: int, by: str) -> bool:
    """An alert is told again when it is still open; False when it was not silenced. Raises UnknownAlert."""
    find(connection, alert_id)
    if not run(connection, "unsilence_alert", id=alert_id, by=by):
        return False
    note(connection, alert_id, "unsilenced", by)
    return True


def note(connection: Connection, alert_id: int, change: str, by: str | None = None, said: str | None = None) -> None:
    """Write down what became of an alert."""
    run(connection, "note_alert", alert_id=alert_id, change=change, by=by, note=said)


def find(connection: Connection, alert_id: int) -> Row[Any]:
    """One alert. Raises UnknownAlert."""
    found = first(connection, "alert", id=alert_id)
    if found is None:
        raise UnknownAlert(alert=alert_id)
    return found


def listed(connection: Connection, *, resolved: bool = False, most: int = 100) -> Sequence[Row[Any]]:
    """Alerts, newest first; the resolved ones too when they are wanted, after the open ones."""
    return rows(connection, "alerts", all=resolved, most=most)


def changes(connection: Connection, alert_id: int) -> Sequence[Row[Any]]:
    """What became of an alert (change, at, by, note), in order."""
    return rows(connection, "alert_changes", id=alert_id)
