"""The settings of alerts: from where on what is one, and the channels that are told. Durations are seconds."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

Seconds = Annotated[float, Field(gt=0)]
SeverityName = Literal["warning", "error", "critical"]
RuleName = Literal[
    "beat_silent",
    "breaker_open",
    "budget_near",
    "drift_found",
    "event_failed",
    "execution_halted",
    "execution_stalled",
    "pool_short",
    "queue_age",
    "relay_lag",
    "rollback_failed",
    "target_loses_workers",
]
REFERENCES = ("env:", "file:")


class ChannelSettings(BaseModel):
    """One way to tell somebody: ``url`` for a service that apprise knows, or ``webhook`` with its ``secret``.

    Each of the three is the secret itself, or where it is: ``env:NAME``, or ``file:PATH``, whose first line counts.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: SecretStr | None = None
    """As apprise writes it, such as slack://... or mailto://..."""
    webhook: SecretStr | None = None
    """Where a signed POST goes."""
    secret: SecretStr | None = None
    """What the POST is signed with."""
    severity: SeverityName = "warning"
    """Told of this and everything worse."""
    rules: tuple[RuleName, ...] = ()
    """Told of these alone; empty for all."""

    @model_validator(mode="after")
    def _is_one_way(self) -> ChannelSettings:
        if (self.url is None) == (self.webhook is None):
            raise ValueError("give either url (for apprise) or webhook")
        if (self.webhook is None) != (self.secret is None):
            raise ValueError("a webhook needs a secret to sign with, and nothing else takes one")
        if self.webhook and not self.webhook.get_secret_value().startswith(("http://", "https://", *REFERENCES)):
            raise ValueError("webhook begins with https:// (or http://), env: or file:")
        return self


class AlertSettings(BaseModel):
    """``[alerts]`` in the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    off: tuple[RuleName, ...] = ()
    """Rules that are switched off."""
    stalled: Seconds = 120.0
    """An execution without an outcome for so long, though targets are left and nothing explains it, stands still ..."""
    stalled_held: Seconds = 3600.0
    """... and so it does after so long when a lane is at work."""
    budget_share: Annotated[float, Field(gt=0, le=1)] = 0.75
    """From this share of a failure budget on it is nearly used up."""
    beat_silent: Seconds = 15.0
    """No sign of beat for so long; three times ``upkeep_every`` when that is longer."""
    queue_age: Seconds = 60.0
    """An event may be due for so long before somebody takes it."""
    relay_lag: Seconds = 60.0
    """A published event may wait for so long before the relay sends it."""
    pool_short: Seconds = 600.0
    """A pool may have fewer spares than are wanted for so long."""
    losses: Annotated[int, Field(ge=1)] = 2
    """From so many workers on that were lost on one target, it is told; after three that target is given up."""
    failed_within: Seconds = 3600.0
    """Events that failed longer ago are no news."""
    news: Seconds = 7 * 24 * 3600.0
    """Nor are executions that halted, rollbacks that failed and drift that was found longer ago."""
    calm: Annotated[float, Field(ge=0)] = 30.0
    """What comes and goes by itself is over when it was gone for so long; longer when it came back before."""

    channels: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,60}$")], ChannelSettings] = {}
    """Who is told, by name."""
    timeout: Annotated[float, Field(gt=0, le=20)] = 10.0
    """How long a webhook may take to answer."""
    retry_backoff: Seconds = 2.0
    """First pause after a channel did not take a message; it doubles each time."""
    retry_backoff_max: Seconds = 60.0
    """Longest of these pauses."""
    patience: Seconds = 24 * 3600.0
    """For so long it is tried."""
