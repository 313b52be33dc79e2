"""How long it took after each hit until things went on, read from the ledger, and how long it may take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tests.chaos.schedule import Kind
from tests.chaos.site import Site
from tests.chaos.strikes import Hit

RETURN_SECONDS = 5.0
"""A server that is started again recovers first, and who was connected to it comes back after a pause."""
CHILD_SECONDS = 5.0
TREE_SECONDS = 5.0
"""On top of the lease: a worker that dies with its machine is started again, and imports everything anew."""
BUSY_LOAD = 2.0
"""Processes that want to run, for each core. Where there are more, times say little about us."""

_NEXT = """SELECT extract(epoch FROM min(finished_at))::float FROM migrator.outcome
WHERE finished_at > to_timestamp(%s) AND (%s = '{}' OR database_id = ANY(%s))"""
_HELD = """SELECT extract(epoch FROM max(finished_at - (coalesce(seconds, 0) + waited) * interval '1 second'))::float
FROM migrator.outcome
JOIN unnest(%s::text[], %s::text[], %s::text[], %s::int[]) AS held (execution_id, database_id, schema_name, stage)
    USING (execution_id, database_id, schema_name, stage)"""


@dataclass(frozen=True, slots=True)
class Recovery:
    """Seconds from a hit on; None where nothing was left to do."""

    kind: Kind
    next_progress: float | None
    """Until the next target was done, in the databases that were hit."""
    taken_over: float | None
    """Until work was begun on the last target that whoever was killed had been at work on."""
    beside: float = 0.0
    """Seconds out of these in which something else was away, or had just been struck."""
    load: float = 0.0
    """Processes that wanted to run in the minute before it was read, for each core."""

    @property
    def own(self) -> float | None:
        """Seconds of ``taken_over`` for which nothing else can be blamed."""
        return None if self.taken_over is None else self.taken_over - self.beside

    @property
    def is_busy(self) -> bool:
        """Whether times say little, because the machine had more to do than it could."""
        return self.load > BUSY_LOAD

    @property
    def is_alone(self) -> bool:
        """Whether it was taken over while nothing else was away."""
        return self.taken_over is not None and not self.beside


def recoveries(site: Site, hits: Sequence[Hit], load: float) -> list[Recovery]:
    """One for each hit."""
    return [_recovery(site, hit, hits, load) for hit in hits]


def _recovery(site: Site, hit: Hit, hits: Sequence[Hit], load: float) -> Recovery:
    taken = _taken_over(site, hit)
    others = [_away(other, site.lease) for other in hits if other is not hit]
    beside = overlap(hit.at, hit.at + taken, others) if taken is not None else 0.0
    return Recovery(hit.kind, _next(site, hit), taken, beside, load)


def _away(hit: Hit, lease: float) -> tuple[float, float]:
    """From when to when a hit excuses others. What was lost by a flush or with a whole worker waits for a lease."""
    more = lease if hit.kind in (Kind.FLUSH, Kind.WORKER) else 0.0
    return hit.at, hit.at + hit.away + RETURN_SECONDS + more


def overlap(since: float, until: float, others: Iterable[tuple[float, float]]) -> float:
    """How many seconds of a time belong to any of the others."""
    total, reached = 0.0, since
    for begin, end in sorted(others):
        first, last = max(begin, reached), min(end, until)
        if last > first:
            total, reached = total + last - first, last
    return total


def promises(lease: float) -> Mapping[Kind, float]:
    """Seconds within which the targets of a killed process are worked on again."""
    return {Kind.CHILD: CHILD_SECONDS, Kind.WORKER: lease + TREE_SECONDS}


def late(found: Iterable[Recovery], lease: float) -> list[Recovery]:
    """Those that took longer than was promised, without the times in which something else was away."""
    most = promises(lease)
    return [each for each in found if each.own is not None and each.own > most.get(each.kind, float("inf"))]


def _next(site: Site, hit: Hit) -> float | None:
    databases = list(hit.databases)
    [(moment,)] = site.ask(_NEXT, (hit.at, databases, databases))
    return moment - hit.at if moment else None


def _taken_over(site: Site, hit: Hit) -> float | None:
    if not hit.held:
        return None
    [(moment,)] = site.ask(_HELD, [list(column) for column in zip(*hit.held, strict=True)])
    return max(moment - hit.at, 0.0) if moment else None
