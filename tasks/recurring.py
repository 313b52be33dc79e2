"""Recurring maintenance: each tick of a schedule becomes one event, however many beats send it and how often."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from config.cron import latest_tick, read_cron
from config.settings import Recurring
from migrator.errors import BadPayload, BadSettings
from migrator.fleet import events
from migrator.model.door import parse_payload
from migrator.model.event import Event, EventType
from tasks import desk
from tasks.application import app

EARLY = timedelta(seconds=30)
"""How far beat's clock may be ahead of ours: its tick must not be taken for the one before."""

log = structlog.get_logger("migrator.recurring")


@app.task(name="migrator.recur", ignore_result=True, throws=(BadSettings,))
def recur(name: str) -> None:
    """Store the event of a maintenance's latest tick, from where upkeep takes it; nothing happens when it is there.

    The moment of sending does not count, so late, repeated and piled-up ticks are one. A tick whose window is over is
    left out, the next one is not far. Raises BadSettings when this worker does not know the maintenance.
    """
    recurring = desk.settings().maintenance.get(name)
    if recurring is None:
        raise BadSettings(mistakes=f"  maintenance.{name}: beat has it and this worker does not")
    now = datetime.now(UTC)
    tick = latest_tick(read_cron(recurring.schedule), now + EARLY)
    if tick is None or now >= tick + timedelta(minutes=recurring.window):
        log.warning("tick is left out, its window is over", maintenance=name, tick=str(tick))
        return
    event = event_of(name, recurring, tick)
    with desk.store().begin() as connection:
        stored = events.schedule(connection, event, tick)
    log.info("tick", maintenance=name, event_id=event.id, stored=stored)


def event_of(name: str, recurring: Recurring, tick: datetime) -> Event:
    """The event of one tick; its id is the same whoever makes it."""
    type_ = EventType.MAINTENANCE_SCHEDULED
    id_ = f"maintenance:{name}:{tick:%Y-%m-%dT%H:%MZ}"
    return Event(id_, type_, _payload(name, recurring, tick), type_.priority, triggered_by="beat")


def check(maintenance: Mapping[str, Recurring]) -> None:
    """Raise BadSettings with every maintenance whose event would be refused."""
    mistakes = []
    for name, recurring in maintenance.items():
        try:
            parse_payload(EventType.MAINTENANCE_SCHEDULED, _payload(name, recurring, datetime.now(UTC)))
        except BadPayload as error:
            mistakes.append(f"  maintenance.{name}: {error.facts['reason']}")
    if mistakes:
        raise BadSettings(mistakes="\n".join(mistakes))


def _payload(name: str, recurring: Recurring, tick: datetime) -> dict[str, Any]:
    return {
        **recurring.options,
        "maintenance_id": name,
        "maintenance_type": recurring.type,
        "target_databases": list(recurring.databases),
        "target_schemas": list(recurring.schemas),
        "scheduled_time": tick.isoformat(),
        "maintenance_window": recurring.window,
        "window_every": recurring.window_every,
        "auto_rollback": recurring.auto_rollback,
    }


check(desk.settings().maintenance)
