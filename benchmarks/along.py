"""One run watched from its first tenant to its last: how the server's work per tenant goes, over which connections."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import ClassVar

import psycopg2

from benchmarks.processor import Meter
from benchmarks.shop import Fleet, Work
from migrator.local import Postgres

_EVERY_SECONDS = 0.05
_LOOK = f"""SELECT (SELECT count(*) FROM pg_class WHERE relname = '{Work.HISTORY.witness}'),
       (SELECT array_agg(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend')"""


@dataclass(frozen=True)
class Along:
    """Milliseconds of the server's processors per tenant around two tenants of the same run."""

    HEAD: ClassVar = "tenants | early | CPU ms there | late | CPU ms there | late to early | connections |"
    RULE: ClassVar = "---:|---:|---:|---:|---:|---:|---:|"

    tenants: int
    early: int
    early_ms: float
    late: int
    late_ms: float
    connections: int
    """How many different ones were seen at work; more than there are lanes when they are renewed."""
    lane: str = ""

    @property
    def growth(self) -> float | None:
        """Late to early; None when the run was too short to tell."""
        return self.late_ms / self.early_ms if min(self.early_ms, self.late_ms) > 0 else None

    def as_markdown(self) -> str:
        """One line of the table."""
        growth = f"x{self.growth:.2f}" if self.growth is not None else ""
        figures = f"{self.early} | {self.early_ms:.1f} | {self.late} | {self.late_ms:.1f} | {growth}"
        return f"| {self.lane} | {self.tenants} | {figures} | {self.connections} |"


def watch_run(postgres: Postgres, fleet: Fleet, meter: Meter, run: Callable[[], None], marks: tuple[int, int]) -> Along:
    """Look on while the run goes on in this thread; around a mark is as far as the early one from its start, half."""
    onlooker = _Onlooker(postgres.url(fleet.database), meter)
    with onlooker:
        run()
    early, late = marks
    around = max(early // 2, 1)
    at_early, at_late = (
        1000 * (cpu_at(onlooker.seen, mark + around) - cpu_at(onlooker.seen, mark - around)) / (2 * around)
        for mark in marks
    )
    return Along(len(fleet.schemas), early, at_early, late, at_late, len(onlooker.pids))


def cpu_at(seen: Sequence[tuple[int, float]], tenants: int) -> float:
    """Seconds of processor when so many tenants were done, between the two looks around that moment; both go up."""
    before = max((look for look in seen if look[0] <= tenants), default=seen[0])
    after = min((look for look in seen if look[0] > tenants), default=before)
    if after[0] == before[0]:
        return before[1]
    return before[1] + (after[1] - before[1]) * (tenants - before[0]) / (after[0] - before[0])


class _Onlooker:
    """A thread with a connection of its own, which counts too, but the same early and late."""

    def __init__(self, url: str, meter: Meter) -> None:
        self.seen: list[tuple[int, float]] = [(0, meter.read()[0])]
        self.pids: set[int] = set()
        self._url, self._meter, self._ended = url, meter, threading.Event()
        self._thread = threading.Thread(target=self._look_on)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        time.sleep(2 * _EVERY_SECONDS)  # for the last tenants
        self._ended.set()
        self._thread.join()

    def _look_on(self) -> None:
        with closing(psycopg2.connect(self._url)) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            while not self._ended.wait(_EVERY_SECONDS):
                cursor.execute(_LOOK)
                ((done, pids),) = cursor.fetchall()
                self.pids |= set(pids or ())
                if done > self.seen[-1][0]:
                    self.seen.append((done, self._meter.read()[0]))
