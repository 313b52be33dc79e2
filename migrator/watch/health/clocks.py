"""Clocks: how far one is from ours, seen from outside. Pure."""

from __future__ import annotations

from migrator.model.health import Health, HealthCheck, graded

SKEW_WARN, SKEW_FAIL = 2.0, 60.0
"""Seconds. Leases are measured by one clock alone; windows, schedules and countdowns are not."""


def skew(moment: float, before: float, after: float) -> float:
    """Seconds that a clock is ahead of ours; it was read some time between two moments of ours, all since the epoch.

    What the journey may explain is no skew.
    """
    if moment > after:
        return moment - after
    return min(0.0, moment - before)


def clock(whose: str, moment: float, before: float, after: float) -> HealthCheck:
    """Whether it goes with ours."""
    ahead = skew(moment, before, after)
    state = graded(abs(ahead), SKEW_WARN, SKEW_FAIL)
    name, figure = f"clock of {whose}", f"{ahead:+.1f} s"
    if state is Health.OK:
        return HealthCheck(name, state, figure, "it goes with ours")
    sentence = f"it is {abs(ahead):.1f} s {'ahead of' if ahead > 0 else 'behind'} this machine's"
    return HealthCheck(name, state, figure, sentence, "let both follow the same time server")
