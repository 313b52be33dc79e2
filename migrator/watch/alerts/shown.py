"""Alerts as people and programs are shown them: lists, pages, JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row

from migrator.fleet import alerts, deliveries


def alert_list(connection: Connection, *, resolved: bool = False, most: int = 100) -> list[dict[str, Any]]:
    """Open alerts, newest first, and behind them the resolved ones when they are wanted."""
    return [alert_facts(row) for row in alerts.listed(connection, resolved=resolved, most=most)]


def alert_page(connection: Connection, alert_id: int) -> dict[str, Any]:
    """One alert with what became of it (``changes``) and who was told (``deliveries``). Raises UnknownAlert."""
    told = deliveries.of_alert(connection, alert_id)
    return alert_facts(alerts.find(connection, alert_id)) | {
        "changes": [
            {"change": row.change, "at": _spoken(row.at), "by": row.by, "note": row.note}
            for row in alerts.changes(connection, alert_id)
        ],
        "deliveries": [
            {
                "channel": row.channel,
                "kind": row.kind,
                "state": row.state,
                "tries": row.tries,
                "error": row.error,
                "ended_at": _spoken(row.ended_at),
            }
            for row in told
        ],
    }


def alert_facts(row: Row[Any]) -> dict[str, Any]:
    """One row of the table as plain values; ``state`` is open, silenced or resolved, moments are in UTC."""
    silenced = row.silenced_until is not None and row.silenced_until > datetime.now(UTC)
    return {
        "id": row.id,
        "rule": row.rule,
        "key": row.key,
        "severity": row.severity,
        "state": "resolved" if row.resolved_at else "silenced" if silenced else "open",
        "sentence": row.sentence,
        "facts": row.facts,
        "times": row.times,
        "first_at": _spoken(row.first_at),
        "last_at": _spoken(row.last_at),
        "resolved_at": _spoken(row.resolved_at),
        "silenced_until": _spoken(row.silenced_until),
        "silenced_by": row.silenced_by,
        "silenced_because": row.silenced_because,
    }


def _spoken(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds") if moment is not None else None
