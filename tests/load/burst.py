"""Ten thousand events at once: none is lost, each is carried out once, and the workers' memory stays bounded."""

from __future__ import annotations

import time
from typing import Any

from tests.chaos.crew import Crew
from tests.chaos.site import Site
from tests.load.gauges import MEGABYTE, Gauges
from tests.load.publisher import publish_by_many

MIGRATE_EVERY = 50
MOST_MEMORY = 1.5
"""Times what the workers had before the burst."""


def burst(site: Site, crew: Crew, count: int, databases: tuple[str, ...]) -> dict[str, Any]:
    """Publish, wait for the end, count. Returns figures and faults."""
    with Gauges(site, crew, 1.0) as gauges:
        started = time.monotonic()
        messages = publish_by_many(site.broker_url, site.valkey.url(), count, databases, MIGRATE_EVERY)
        published = time.monotonic() - started
        _wait(site, count, count * 0.2 + 120)
        took = time.monotonic() - started
    first, most = gauges.samples[0].memory, max(sample.memory for sample in gauges.samples)
    ended = dict(site.ask("SELECT status, count(*) FROM migrator.event WHERE id LIKE 'load-%%' GROUP BY 1", ()))
    [(tenants,)] = site.ask("SELECT count(*) FROM migrator.tenant WHERE id LIKE 'load_%%'", ())
    [(schemas,)] = site.ask("SELECT count(*) FROM migrator.outcome WHERE schema_name LIKE 'load_%%'", ())
    faults = [] if ended == {"completed": count} else [f"events ended as {ended}"]
    faults += [] if tenants == count else [f"{tenants} tenants were registered"]
    faults += [] if schemas == -(-count // MIGRATE_EVERY) else [f"{schemas} targets were migrated"]
    faults += [] if most <= MOST_MEMORY * first else [f"memory grew from {first} to {most} bytes"]
    return {
        "events": count,
        "messages": messages,
        "published in seconds": round(published, 1),
        "all ended after seconds": round(took, 1),
        "events a second": round(count / took),
        "memory before MB": round(first / MEGABYTE),
        "memory at most MB": round(most / MEGABYTE),
        "Valkey at most MB": round(max(sample.valkey for sample in gauges.samples) / MEGABYTE),
        "connections at most": max(sample.connections for sample in gauges.samples),
        "faults": faults,
    }


def _wait(site: Site, count: int, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    query = "SELECT count(*) FROM migrator.event WHERE id LIKE 'load-%%' AND status IN ('completed', 'failed')"
    while site.ask(query, ())[0][0] < count and time.monotonic() < deadline:
        time.sleep(0.5)
