"""A steady stream of all sorts of events for minutes: nothing may grow but the ledger, and that evenly."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any

from migrator import client
from tests.chaos.crew import Crew
from tests.chaos.site import Site
from tests.load.gauges import MEGABYTE, Gauges, faults, growth
from tests.load.publisher import event_id, tenant

PAUSE_SECONDS = 1.0


def soak(site: Site, crew: Crew, minutes: float, databases: tuple[str, ...]) -> dict[str, Any]:
    """Publish a little each second. Returns figures and faults."""
    client.connect(site.broker_url, site.valkey.url())
    with Gauges(site, crew, 5.0) as gauges:
        turns = _publish_for(minutes * 60, databases)
    found = growth(gauges.samples)
    first, last = gauges.samples[len(gauges.samples) // 3], gauges.samples[-1]
    failed = site.ask("SELECT id || ': ' || error_message FROM migrator.event WHERE status = 'failed' LIMIT 5")
    return {
        "minutes": minutes,
        "events": last.events,
        "turns": turns,
        "memory MB": [round(sample.memory / MEGABYTE) for sample in (first, last)],
        "connections": [first.connections, last.connections],
        "Valkey MB": [round(sample.valkey / MEGABYTE, 1) for sample in (first, last)],
        "control database MB": [round(sample.control / MEGABYTE, 1) for sample in (first, last)],
        "growth": {name: round(figure, 2) for name, figure in asdict(found).items()},
        "faults": faults(found) + [f"event failed: {said}" for (said,) in failed],
    }


def _publish_for(seconds: float, databases: tuple[str, ...]) -> int:
    """A sign-up, some changes and a migration of everybody in each turn; most of it finds nothing to do."""
    deadline, turn = time.monotonic() + seconds, 0
    while time.monotonic() < deadline:
        newcomer = tenant(turn, databases[turn % len(databases)])
        client.tenant_created.apply_async(kwargs=newcomer, task_id=event_id(turn), ignore_result=True)
        for database in databases:
            client.database_updated.apply_async(
                kwargs={"database_id": database, "region": f"eu-{turn % 3}"}, ignore_result=True
            )
        if turn % 5 == 0:
            wishes = {"request_id": f"soak-{turn}", "scope": "tenant", "requested_by": "soak"}
            client.migration_requested.apply_async(kwargs=wishes, ignore_result=True)
        turn += 1
        time.sleep(PAUSE_SECONDS)
    return turn
