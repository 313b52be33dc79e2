"""What beat does, and when."""

from collections.abc import Mapping
from typing import Any

from config.cron import read_cron
from config.settings import Recurring


def beat_schedule(upkeep_every: float, maintenance: Mapping[str, Recurring] | None = None) -> dict[str, dict[str, Any]]:
    """Upkeep, every so many seconds, and the ticks of recurring maintenance.

    An upkeep that nobody took up before the next one is dropped, not piled up. Ticks need no such care: those that
    are late or come from several beats lead to the same event.
    """
    upkeep = {
        "task": "migrator.upkeep",
        "schedule": upkeep_every,
        "options": {"queue": "high", "expires": upkeep_every},
    }
    return {"upkeep": upkeep} | {
        f"maintenance {name}": {
            "task": "migrator.recur",
            "schedule": read_cron(recurring.schedule),
            "args": (name,),
            "options": {"queue": "high"},
        }
        for name, recurring in (maintenance or {}).items()
    }
