"""A checkup: many looks at the same time, and an answer in a few seconds even when nothing answers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from migrator.errors import MigratorError
from migrator.model.health import Health, HealthCheck

Look = Callable[[], Sequence[HealthCheck]]
PATIENCE_SECONDS = 4.0


@dataclass
class _Running:
    """A look on its way, in a thread that nobody waits for in the end."""

    thread: threading.Thread
    since: float
    found: list[HealthCheck] = field(default_factory=list)


class Checkup:
    """Runs looks in threads of their own. One that hangs is not started a second time: it would hang as well.

    So a process that is asked again and again, as a page is by its probes, never has more threads than looks.
    """

    def __init__(self, seconds: float = PATIENCE_SECONDS) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._running: dict[str, _Running] = {}

    def run(self, looks: Mapping[str, Look]) -> list[HealthCheck]:
        """What all looks say, in their order; one that is not back in time is a failure by its name."""
        deadline = time.monotonic() + self._seconds
        started = {name: self._started(name, look) for name, look in looks.items()}
        return [check for name, running in started.items() for check in self._awaited(name, running, deadline)]

    def _started(self, name: str, look: Look) -> _Running:
        with self._lock:
            known = self._running.get(name)
            if known is not None and known.thread.is_alive():
                return known
            found: list[HealthCheck] = []
            thread = threading.Thread(target=lambda: found.extend(_looked(name, look)), name=name, daemon=True)
            running = self._running[name] = _Running(thread, time.monotonic(), found)
            thread.start()
            return running

    @staticmethod
    def _awaited(name: str, running: _Running, deadline: float) -> Sequence[HealthCheck]:
        running.thread.join(max(0.0, deadline - time.monotonic()))
        if not running.thread.is_alive():
            return list(running.found)
        waited = time.monotonic() - running.since
        sentence = f"there is no answer for {waited:.0f} s"
        return [
            HealthCheck(name, Health.FAIL, "no answer", sentence, "see whether it hangs, or the network drops packets")
        ]


def _looked(name: str, look: Look) -> Sequence[HealthCheck]:
    """A look that cannot be taken is a failure too."""
    try:
        return look()
    except MigratorError as error:
        return [HealthCheck(name, Health.FAIL, "no answer", str(error))]
