"""``migrator relay``, also ``celery -A tasks relay``: a relay in a process of its own.

Celery imports this module in every application that has our package, so tasks and settings are imported when it is
called, and not before.
"""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

import click

from migrator.cli.output import counted, json_option, say
from migrator.errors import BrokerUnreachable

if TYPE_CHECKING:
    from tasks.relay import Relay


@click.command()
@click.option("--once", is_flag=True, help="Send what may be sent now, and end.")
@json_option
def relay(once: bool, as_json: bool) -> None:
    """Send events that were published in the control database to the broker, until it is ended.

    Every worker does that too, unless the setting relay is false; any number of relays may run.

    Example: migrator relay --once --json
    """
    from tasks import desk
    from tasks.relay import Relay

    broker = desk.required(desk.settings().broker_url, "the broker", "MIGRATOR_BROKER_URL")
    desk.store()
    if not once:
        _run(Relay())
        return
    sent = _send(Relay(), broker)
    said = f"{counted(sent, 'event')} sent"
    say(as_json, {"sent": sent}, lambda console: console.print(said))


def _send(relay: Relay, broker: str) -> int:
    from kombu.exceptions import KombuError
    from kombu.utils.url import maybe_sanitize_url

    from tasks.broker_repairs import BROKER_ERRORS

    try:
        return relay.send_all()
    except (KombuError, *BROKER_ERRORS) as error:
        raise BrokerUnreachable(address=maybe_sanitize_url(broker), reason=error) from None
    finally:
        relay.close()


def _run(relay: Relay) -> None:
    """Until SIGTERM or Ctrl-C; what is being sent is sent."""
    from config import logging
    from tasks import desk

    logging.configure(desk.settings().log_level, desk.settings().log_format)
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    thread = threading.Thread(target=relay.run, name="relay", daemon=True)
    thread.start()
    signal.sigwait(ends)
    relay.stop()
    thread.join()
