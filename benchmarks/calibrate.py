"""How many connections the limit is fastest with on this machine."""

from __future__ import annotations

import time

from benchmarks.limit import Limit
from benchmarks.shop import Fleet, Work, schema_names
from migrator.local import Postgres

CANDIDATES = (1, 2, 4)
_TURNS = 3


def calibrate(postgres: Postgres, schemas: int) -> dict[int, float]:
    """Seconds that the whole history of some schemas takes over so many connections, the best of a few turns.

    The turns are interleaved, so that a slow minute of the machine hits all candidates.
    """
    for connections in CANDIDATES:
        postgres.create_database(f"calibrate_{connections}")
    found: dict[int, list[float]] = {connections: [] for connections in CANDIDATES}
    for turn in range(_TURNS):
        for connections in (*CANDIDATES[turn:], *CANDIDATES[:turn]):
            fleet = Fleet(f"calibrate_{connections}", schema_names(schemas, f"turn{turn}"))
            started = time.perf_counter()
            Limit(postgres, connections).run(Work.HISTORY, fleet)
            found[connections].append(time.perf_counter() - started)
    return {connections: min(seconds) for connections, seconds in found.items()}
