"""The latency of events, summed up without reading all of them each time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from migrator.fleet import metrics
from migrator.model.performance import LATENCY_BOUNDS


@dataclass
class Tally:
    """Of the completed events of one type."""

    buckets: list[int] = field(default_factory=lambda: [0] * (len(LATENCY_BOUNDS) + 1))
    seconds: float = 0.0
    retries: int = 0

    @property
    def count(self) -> int:
        """How many."""
        return sum(self.buckets)

    def add(self, bucket: int, number: int, seconds: float, retries: int) -> None:
        """Count some more."""
        self.buckets[bucket] += number
        self.seconds += seconds
        self.retries += retries

    def copy(self) -> Tally:
        """One to go on counting with."""
        return Tally(list(self.buckets), self.seconds, self.retries)


class Latencies:
    """Remembers what is settled, so that the whole past is read once, by the first who asks.

    A completed event stays completed, so the sums of two processes are the same, and none ever falls.
    """

    def __init__(self) -> None:
        self._settled: dict[str, Tally] = defaultdict(Tally)
        self._until: datetime | None = None

    def read(self, connection: Connection) -> Mapping[str, Tally]:
        """By type of event."""
        found = metrics.latencies(connection, self._until)
        for row in found:
            if row.is_settled:
                self._settled[row.type].add(row.bucket, row.number, row.seconds, int(row.retries))
                self._until = row.settled
        now = defaultdict(Tally, {name: tally.copy() for name, tally in self._settled.items()})
        for row in found:
            if not row.is_settled:
                now[row.type].add(row.bucket, row.number, row.seconds, int(row.retries))
        return now
