"""The channels of the settings: who wants to be told of what, and the way to each."""

from __future__ import annotations

import os
import time
from importlib import import_module
from pathlib import Path

from pydantic import SecretStr

from migrator.errors import BadChannel, UnknownChannel
from migrator.model.alert import Severity
from migrator.watch.alerts.channel import AppriseChannel, Channel, Webhook
from migrator.watch.alerts.limits import Limits
from migrator.watch.alerts.look import ChannelFilter
from tasks import desk
from tasks.spares import standard


def limits() -> Limits:
    """The thresholds of the settings."""
    chosen = desk.settings()
    own = chosen.alerts
    return Limits(
        off=frozenset(own.off),
        stalled=own.stalled,
        stalled_held=own.stalled_held,
        budget_share=own.budget_share,
        beat_silent=max(own.beat_silent, 3 * chosen.upkeep_every),
        queue_age=own.queue_age,
        relay_lag=own.relay_lag,
        pool_short=own.pool_short,
        losses=own.losses,
        spares=standard(),
        failed_within=own.failed_within,
        news=own.news,
        calm=own.calm,
        preflight_fresh=max(60.0, 3 * chosen.preflight_every),
    )


def filters() -> list[ChannelFilter]:
    """What each channel wants to be told of."""
    return [
        ChannelFilter(name, Severity(each.severity), frozenset(each.rules))
        for name, each in desk.settings().alerts.channels.items()
    ]


def names() -> list[str]:
    """The channels by name."""
    return list(desk.settings().alerts.channels)


def channel(name: str) -> Channel:
    """The way there. Raises UnknownChannel, and BadChannel when a secret is not where the settings say."""
    own = desk.settings().alerts
    chosen = own.channels.get(name)
    if chosen is None:
        raise UnknownChannel(channel=name, known=", ".join(own.channels) or "none")
    if chosen.webhook is None:
        return AppriseChannel(name, _secret(chosen.url, name))
    return Webhook(name, _secret(chosen.webhook, name), _secret(chosen.secret, name), own.timeout, time.time)


def _secret(said: SecretStr | None, channel: str) -> str:
    """The secret itself: as it stands, or what its reference leads to. Never quotes what was found."""
    value = said.get_secret_value() if said else ""
    kind, _, where = value.partition(":")
    try:
        if kind == "env":
            value = os.environ[where]
        elif kind == "file":
            value = Path(where).expanduser().read_text(encoding="utf-8").partition("\n")[0]
    except (OSError, KeyError, ValueError, RuntimeError) as error:
        reason = f"what its {kind}: reference names cannot be read on this machine ({type(error).__name__})"
        raise BadChannel(channel=channel, reason=reason) from None
    if not value.strip():
        raise BadChannel(channel=channel, reason="its address or secret is empty")
    return value.strip()


def preload() -> None:
    """Import what channels need, before a worker has children or threads."""
    if names():
        for module in ("apprise", "requests"):
            import_module(module)
