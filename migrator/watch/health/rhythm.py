"""What has to come again and again: beat's ticks, and the relay's sending."""

from __future__ import annotations

from sqlalchemy import Connection

from migrator.fleet import health
from migrator.model.health import Health, HealthCheck, graded
from migrator.watch.progress import spoken_seconds

BEAT_WARN, BEAT_FAIL = 3.0, 12.0
"""Of beat's own interval."""
RELAY_WARN, RELAY_FAIL = 10.0, 120.0
"""Seconds that an event could have been sent and was not."""


def beat(connection: Connection, every: float) -> HealthCheck:
    """When beat last sent upkeep; it does so every so many seconds."""
    found = health.beat(connection)
    advice = "start it, once: 'celery -A tasks beat'"
    if found is None:
        sentence = "beat was never seen: nothing that is due is sent, and nothing lost is driven on"
        return HealthCheck("beat", Health.WARN, "never", sentence, advice)
    seconds = float(found.seconds)
    state = graded(seconds, BEAT_WARN * every, max(BEAT_FAIL * every, 60.0))
    figure = f"{spoken_seconds(seconds)} ago"
    if state is Health.OK:
        return HealthCheck("beat", state, figure, f"it ticks on {found.by}")
    return HealthCheck("beat", state, figure, f"beat was last seen {figure}, on {found.by}", advice)


def relay(connection: Connection) -> HealthCheck:
    """How long the oldest published event could have been sent."""
    found = health.unsent(connection)
    if found is None or not found.waiting:
        return HealthCheck("relay", Health.OK, "none waits", "every published event was sent")
    seconds = float(found.seconds)
    state = graded(seconds, RELAY_WARN, RELAY_FAIL)
    sentence = f"{found.waiting} published events could be sent, the oldest for {spoken_seconds(seconds)}"
    return HealthCheck("relay", state, spoken_seconds(seconds), sentence, _advice(state))


def _advice(state: Health) -> str:
    return "" if state is Health.OK else "see whether the relay runs, and whether the broker takes messages"
