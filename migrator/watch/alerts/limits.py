"""From where on a fact is an alert. Durations are seconds; the settings say them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The thresholds of the rules, and those that are switched off."""

    off: frozenset[str] = frozenset()
    """Names of rules."""
    stalled: float = 120.0
    """No outcome for so long, though targets are left and nobody is at work on one."""
    stalled_held: float = 3600.0
    """The same, though a lane is at work."""
    budget_share: float = 0.75
    """Used up of a failure budget."""
    beat_silent: float = 15.0
    """No sign of beat."""
    queue_age: float = 60.0
    """An event is due and nobody takes it."""
    relay_lag: float = 60.0
    """A published event could be sent and is not."""
    failed_within: float = 3600.0
    """Events that failed longer ago are no news."""
    news: float = 7 * 24 * 3600.0
    """Executions that ended longer ago are none."""
    calm: float = 30.0
    """What may come and go has to be gone for so long."""
    pool_short: float = 600.0
    """A pool has fewer spares than are wanted."""
    losses: int = 2
    """So many workers were lost on one target."""
    spares: int = 0
    """How many a database is to have that does not say so itself."""
    preflight_fresh: float = 60.0
    """What preflight said counts for so long."""
