"""How fast an execution is and how long it will still take, with what that is based on. Pure."""

from __future__ import annotations

from typing import Any

from migrator.model.execution import ExecutionState
from migrator.watch.progress import spoken_seconds

FEWEST = 3
"""Targets that must have ended in the last stretch before its rate says anything."""


def estimate(
    *, state: ExecutionState, left: int, ended: int, recent: int, recent_seconds: float, seconds: float
) -> dict[str, Any]:
    """``rate`` in targets a second, ``eta_seconds`` and ``basis``; what cannot be said is None.

    ``recent`` targets ended in the last ``recent_seconds``; ``ended`` of all in ``seconds``.
    """
    if state.is_end:
        rate = round(ended / seconds, 1) if ended and seconds > 0 else None
        return {"rate": rate, "eta_seconds": None, "basis": f"on average over {spoken_seconds(seconds)}"}
    if state is not ExecutionState.RUNNING:
        return {"rate": None, "eta_seconds": None, "basis": f"no estimate while it is {state.spoken}"}
    if recent >= FEWEST and recent_seconds >= 1:
        stretch = f"the {recent} targets that ended in the last {spoken_seconds(recent_seconds)}"
        return _said(recent / recent_seconds, left, stretch)
    if ended >= FEWEST and seconds > 0:
        return _said(ended / seconds, left, f"all {ended} targets that ended so far")
    return {"rate": None, "eta_seconds": None, "basis": "too few targets have ended to tell"}


def _said(rate: float, left: int, basis: str) -> dict[str, Any]:
    return {"rate": round(rate, 1), "eta_seconds": round(left / rate, 1), "basis": f"from {basis}"}
