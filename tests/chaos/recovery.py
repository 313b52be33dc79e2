"""How long it took after each hit until things went on, read from the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.chaos.schedule import Kind
from tests.chaos.site import Site
from tests.chaos.strikes import Hit

_NEXT = """SELECT extract(epoch FROM min(finished_at))::float FROM migrator.outcome
WHERE finished_at > to_timestamp(%s) AND (%s = '{}' OR database_id = ANY(%s))"""
_HELD = """SELECT extract(epoch FROM max(finished_at))::float, count(finished_at) FROM migrator.outcome
JOIN unnest(%s::text[], %s::text[], %s::text[], %s::int[]) AS held (execution_id, database_id, schema_name, stage)
    USING (execution_id, database_id, schema_name, stage)"""


@dataclass(frozen=True, slots=True)
class Recovery:
    """Seconds from a hit on; None where nothing was left to do."""

    kind: Kind
    next_progress: float | None
    """Until the next target was done, in the databases that were hit."""
    taken_over: float | None
    """Until the last target was done that whoever was killed had been at work on."""


def recoveries(site: Site, hits: Sequence[Hit]) -> list[Recovery]:
    """One for each hit."""
    return [Recovery(hit.kind, _next(site, hit), _taken_over(site, hit)) for hit in hits]


def _next(site: Site, hit: Hit) -> float | None:
    databases = list(hit.databases)
    [(moment,)] = site.ask(_NEXT, (hit.at, databases, databases))
    return moment - hit.at if moment else None


def _taken_over(site: Site, hit: Hit) -> float | None:
    if not hit.held:
        return None
    [(moment, _)] = site.ask(_HELD, [list(column) for column in zip(*hit.held, strict=True)])
    return max(moment - hit.at, 0.0) if moment else None
