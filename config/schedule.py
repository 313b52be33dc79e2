"""What beat does, and how often."""

from typing import Any


def beat_schedule(upkeep_every: float) -> dict[str, dict[str, Any]]:
    """Upkeep, every so many seconds. A tick that nobody took up before the next one is dropped, not piled up."""
    return {
        "upkeep": {
            "task": "migrator.upkeep",
            "schedule": upkeep_every,
            "options": {"queue": "high", "expires": upkeep_every},
        }
    }
