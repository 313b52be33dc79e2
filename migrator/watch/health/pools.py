"""The pools of spares: whether each database has as many as are wanted."""

from __future__ import annotations

from collections.abc import Sequence

from migrator.model.health import Health, HealthCheck
from migrator.watch.alerts.facts import ShortPool

NAME = "spares"


def spares(short: Sequence[ShortPool], patience: float) -> list[HealthCheck]:
    """One line for all pools; told are those that are short for more than ``patience`` seconds or can have no more."""
    told = [each for each in short if each.refusal or each.seconds > patience]
    if not told:
        return [
            HealthCheck(NAME, Health.OK, f"{len(short)} being filled", "new tenants find spares where they are wanted")
        ]
    said = "; ".join(
        f"database {each.database} has {each.ready} of {each.wanted}" + (f": {each.refusal}" if each.refusal else "")
        for each in told[:5]
    )
    more = f"; and {len(told) - 5} more databases" if len(told) > 5 else ""
    advice = (
        "'migrator spare list'; 'migrator spare fill ID' tries now; 'migrator database set ID --spares 0' wants none"
    )
    return [HealthCheck(NAME, Health.WARN, f"{len(told)} short", said + more, advice)]
