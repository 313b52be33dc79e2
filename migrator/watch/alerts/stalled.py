"""Whether an execution stands still though nothing explains it."""

from __future__ import annotations

from migrator.watch.alerts.facts import OpenExecution
from migrator.watch.alerts.limits import Limits


def stalled(each: OpenExecution, limits: Limits) -> str | None:
    """Why it counts as standing still; None when it does not, or when somebody or something explains it.

    Explained are a pause, a wait for another execution, a soak or a window, databases whose breaker is not closed or
    that preflight has stopped, and, for longer, a lane that is at work on one statement.
    """
    if not each.left or each.state == "paused" or each.waits_for or each.is_early:
        return None
    if each.held:
        long = each.quiet_seconds > limits.stalled_held
        return f"though lanes are at work on {each.held} targets" if long else None
    if each.quiet_seconds <= limits.stalled or (each.wave_left and not each.unexplained):
        return None
    if each.unexplained:
        return f"nobody is at work on what is left in {', '.join(each.unexplained)}"
    return "nobody is at work on it"
