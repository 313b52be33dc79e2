"""Alerts: a look at the ledger by the rules, and what follows delivered, one channel at a time."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from sqlalchemy import Row

from migrator.errors import MigratorError
from migrator.fleet import deliveries
from migrator.model.alert import DeliveryState
from migrator.watch.alerts.look import look, told
from migrator.watch.alerts.message import message_of
from tasks import channels, desk
from tasks.application import app
from tasks.broker_repairs import BROKER_ERRORS

SOFT_SECONDS, HARD_SECONDS = 40, 50
"""Of a delivering task; longer than the slowest single delivery."""
LEASE_SECONDS = 60.0
"""For so long a delivery is its sender's; longer than HARD_SECONDS, so that nobody sends what is being sent."""
AT_ONCE = 20
"""Messages that one task sends through a channel before it makes room."""

log = structlog.get_logger("migrator.alert")


@app.task(name="migrator.alert", ignore_result=True, send_events=False, time_limit=HARD_SECONDS)
def alert() -> None:
    """Hold the rules against the ledger now, and have delivered what has to be told."""
    look_around(ask)


@app.task(
    name="migrator.deliver",
    ignore_result=True,
    send_events=False,
    soft_time_limit=SOFT_SECONDS,
    time_limit=HARD_SECONDS,
)
def deliver(channel: str) -> None:
    """Send what is due through one channel."""
    if deliver_here(channel):
        ask(channel)


def look_around(send: Callable[[str], object]) -> None:
    """Look by the rules, and ``send`` each channel that something is due for."""
    with desk.store().begin() as connection:
        changes = look(connection, channels.limits(), channels.filters(), desk.settings().alerts.patience, desk.host())
        due = deliveries.due(connection)
    for said, each in told(changes):
        log.warning(said, rule=each.rule, key=each.key)
    for channel in due:
        if channel in channels.names():
            send(channel)


def ask(channel: str) -> None:
    """Have a worker deliver; when nobody can be asked, a worker's watchman delivers."""
    try:
        app.send_task("migrator.deliver", args=(channel,), queue="high", expires=LEASE_SECONDS, retry=False)
    except BROKER_ERRORS as error:
        log.warning("nobody could be asked to deliver alerts, a watchman will", channel=channel, reason=str(error))


def deliver_here(channel: str, most: int = AT_ONCE) -> bool:
    """Send what is due through a channel, in order, in this process; whether there may be more.

    The first message that does not get through ends it: the channel rests then, for everybody.
    """
    for _ in range(most):
        with desk.store().begin() as connection:
            row = deliveries.claim(connection, channel, LEASE_SECONDS)
        if row is None or not _sent(row):
            return False
    return True


def _sent(row: Row) -> bool:  # type: ignore[type-arg]
    """Send one claimed delivery and write down what became of it."""
    said = {"alert": row.alert_id, "channel": row.channel, "kind": row.kind, "tries": row.tries}
    try:
        channels.channel(row.channel).send(message_of(row))
    except MigratorError as error:
        log.warning("alert did not get through", **said, reason=str(error))
        with desk.store().begin() as connection:
            deliveries.postpone(connection, row, pause(row.tries), str(error))
        return False
    with desk.store().begin() as connection:
        deliveries.end(connection, row, DeliveryState.SENT)
    log.info("alert delivered", **said)
    return True


def pause(tries: int) -> float:
    """Seconds until a channel is tried again after so many tries."""
    own = desk.settings().alerts
    return float(min(own.retry_backoff * 2 ** min(tries - 1, 20), own.retry_backoff_max))
