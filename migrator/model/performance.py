"""What migrations cost: measured for each target, summed up for each execution, database and file. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate
from typing import Any

DURATION_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)
"""Upper bounds of the histogram of targets, in seconds; one bucket more is for all beyond."""
LATENCY_BOUNDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 7200.0)
"""The same for events, from when they were stored to their end."""

STEPS = 96
"""Buckets of the histogram of one migration."""
FINEST = 0.0001
"""Seconds; all that is quicker is in its first bucket."""
PER_DOUBLING = 4
MOST_COMPARED = 5
"""With how many runs before a run is compared."""
NOTABLY = 1.5
"""So many times as slow as before is worth a remark."""


@dataclass(frozen=True, slots=True)
class Lap:
    """One migration applied to one target."""

    script: str
    seconds: float
    rows: int | None = None
    """Rows of tables that it wrote; None where they were not counted, because its text writes none."""
    wal: int | None = None
    """Bytes that the server wrote to its log meanwhile, other sessions' too; None where that was not measured."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one migration cost in one database, over all targets of an execution; durations are seconds."""

    script: str
    database: str
    count: int
    least: float
    median: float
    most: float
    seconds: float
    rows: int | None
    wal: int | None
    before: float | None = None
    """The median of the runs before; None when there were none."""

    @property
    def ratio(self) -> float | None:
        """How many times as slow as before."""
        return round(self.median / self.before, 2) if self.before else None

    def as_row(self) -> dict[str, Any]:
        """As plain values."""
        return {k: round(v, 6) if isinstance(v, float) else v for k, v in asdict(self).items()} | {"ratio": self.ratio}


def added_up(laps: Sequence[Lap]) -> dict[str, Any]:
    """What the ledger keeps of one migration's laps: count, seconds, least, most, buckets, rows, wal."""
    seconds = [lap.seconds for lap in laps]
    buckets = [0] * STEPS
    for each in seconds:
        buckets[bucket_of(each)] += 1
    counted = [lap.rows for lap in laps if lap.rows is not None]
    logged = [lap.wal for lap in laps if lap.wal is not None]
    return {
        "count": len(laps),
        "seconds": sum(seconds),
        "least": min(seconds),
        "most": max(seconds),
        "buckets": buckets,
        "rows": sum(counted) if counted else None,
        "wal": sum(logged) if logged else None,
    }


def median_of(buckets: Sequence[int], least: float, most: float) -> float:
    """The median duration as the buckets have it: at most a tenth off, and never outside of what was measured."""
    half = (sum(buckets) + 1) // 2
    number = next((n for n, reached in enumerate(accumulate(buckets)) if reached >= half), 0)
    middle: float = FINEST * 2.0 ** ((number + 0.5) / PER_DOUBLING)
    return min(max(middle, least), most)


def bucket_of(seconds: float) -> int:
    """The number of a duration's bucket, 0 for the first."""
    if seconds <= FINEST:
        return 0
    return min(STEPS - 1, math.floor(math.log2(seconds / FINEST) * PER_DOUBLING))
