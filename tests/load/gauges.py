"""What is watched under load: memory of workers and Valkey, connections, the size of the control database."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import redis

from tests.chaos.crew import Crew
from tests.chaos.site import AWAY, CONTROL, Site, once

MEGABYTE = 2**20


@dataclass(frozen=True, slots=True)
class Sample:
    """One look."""

    at: float
    """Seconds since the first."""
    memory: int
    """Resident bytes of workers, beat and relay with their children; shared pages count for each."""
    connections: int
    """Of ours, on all servers."""
    valkey: int
    """Bytes that Valkey uses."""
    control: int
    """Bytes of the control database."""
    events: int
    """In the ledger."""


class Gauges:
    """Samples in a thread while the block runs."""

    def __init__(self, site: Site, crew: Crew, every: float) -> None:
        self._site, self._crew, self._every = site, crew, every
        self.samples: list[Sample] = []
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="gauges", daemon=True)

    def __enter__(self) -> Gauges:
        self._started = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _watch(self) -> None:
        with redis.Redis.from_url(self._site.valkey.url()) as valkey:
            while True:
                self.samples.append(self._look(valkey))
                if self._stopped.wait(self._every):
                    return

    def _look(self, valkey: redis.Redis) -> Sample:
        control = self._site.control.url(CONTROL)
        [(size, events)] = once(control, "SELECT pg_database_size(%s), count(*) FROM migrator.event", [CONTROL])
        return Sample(
            at=time.monotonic() - self._started,
            memory=sum(self._crew.memory().values()),
            connections=sum(map(_connections, [control, *(server.url() for server in self._site.targets.values())])),
            valkey=int(valkey.info("memory")["used_memory"]),
            control=int(size),
            events=int(events),
        )


def _connections(url: str) -> int:
    query = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'migrator%'"
    try:
        return int(once(url, query)[0][0])
    except AWAY:
        return 0


@dataclass(frozen=True, slots=True)
class Growth:
    """The second third of a soak beside the last one; the first is for warming up."""

    memory: float
    """How many times as much as before."""
    connections: int
    """How many more at most than before."""
    valkey_per_event: float
    """Bytes for each event of the last third, in relation to those of the second."""
    control_per_event: float


def growth(samples: Sequence[Sample]) -> Growth:
    """Needs a sample or more in each third."""
    third = len(samples) // 3
    middle, last = samples[third : 2 * third + 1], samples[2 * third :]
    return Growth(
        memory=median(s.memory for s in last) / median(s.memory for s in middle),
        connections=max(s.connections for s in last) - max(s.connections for s in middle),
        valkey_per_event=_per_event(last, "valkey") / max(_per_event(middle, "valkey"), 1.0),
        control_per_event=_per_event(last, "control") / max(_per_event(middle, "control"), 1.0),
    )


def _per_event(samples: Sequence[Sample], what: str) -> float:
    first, last = samples[0], samples[-1]
    return float(getattr(last, what) - getattr(first, what)) / max(last.events - first.events, 1)


def faults(found: Growth) -> list[str]:
    """What grows that should not. Ledger and results grow with each event, but each by the same."""
    told = []
    if found.memory > 1.10:
        told.append(f"memory of the workers grew to {found.memory:.2f} times what it was")
    if found.connections > 2:
        told.append(f"there are {found.connections} connections more")
    if found.valkey_per_event > 1.5:
        told.append(f"Valkey takes {found.valkey_per_event:.1f} times as much for each event")
    if found.control_per_event > 1.5:
        told.append(f"the control database takes {found.control_per_event:.1f} times as much for each event")
    return told
