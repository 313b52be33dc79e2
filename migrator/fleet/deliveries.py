"""Whom alerts are told to: one delivery for each channel, claimed with a lease, so that it is sent once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row

from migrator.fleet.store import first, rows, run
from migrator.model.alert import DeliveryState


def tell_fired(connection: Connection, alert_id: int, channels: Sequence[str]) -> None:
    """Ask for an open alert to be sent through these channels; once each, and not while it is silenced."""
    run(connection, "tell_fired", alert_id=alert_id, channels=list(channels))


def tell_resolved(connection: Connection, alert_id: int) -> None:
    """Ask for its end to be sent through the channels that were told of it, or are about to be."""
    run(connection, "tell_resolved", alert_id=alert_id)


def drop(connection: Connection, alert_id: int) -> None:
    """What of an alert is not sent yet will not be; a resolution is."""
    run(connection, "drop_deliveries", alert_id=alert_id)


def due(connection: Connection) -> dict[str, float]:
    """The channels that something is to be sent through now, and for how many seconds it has been."""
    return {row.channel: float(row.age) for row in rows(connection, "due_channels")}


def claim(connection: Connection, channel: str, seconds: float) -> Row[Any] | None:
    """The next delivery of a channel with its alert; None when there is none, or somebody is sending through it."""
    first(connection, "lock_channel", channel=channel)
    return first(connection, "claim_delivery", channel=channel, seconds=seconds)


def end(connection: Connection, row: Row[Any], state: DeliveryState, error: str | None = None) -> None:
    """A claimed delivery was sent or is given up; nothing happens when another took it over."""
    run(connection, "end_delivery", id=row.id, tries=row.tries, state=state.value, error=error)


def postpone(connection: Connection, row: Row[Any], seconds: float, error: str) -> None:
    """A claimed delivery failed and is tried again later, and so is all that waits for its channel."""
    if run(connection, "postpone_delivery", id=row.id, tries=row.tries, seconds=seconds, error=error):
        run(connection, "rest_channel", channel=row.channel, seconds=seconds)


def give_up(connection: Connection, patience: float) -> int:
    """Give up what could not be sent for so many seconds; says how many."""
    return run(connection, "give_up_deliveries", patience=patience)


def of_alert(connection: Connection, alert_id: int) -> Sequence[Row[Any]]:
    """What of an alert was sent where."""
    return rows(connection, "deliveries", alert_id=alert_id)
