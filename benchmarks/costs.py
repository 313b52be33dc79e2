"""What one increment costs each part of an installation: the numbers that the simulation is fed with."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any

import psycopg2
import redis

from benchmarks.ours import ask
from benchmarks.processor import Meter
from benchmarks.scale import Scale
from benchmarks.section import Section
from benchmarks.shop import WorkDiffers, schema_names
from benchmarks.simulation.costs import THINGS, Costs, Run, fitted
from benchmarks.simulation.site import Site
from benchmarks.simulation.words import as_markdown
from benchmarks.stage import Stage
from migrator import client

_FIRST = {"V1__account.sql": "CREATE TABLE account (id bigint PRIMARY KEY, name text NOT NULL);"}
_SECOND = {
    "V2__account_note.sql": "ALTER TABLE account ADD COLUMN note text; CREATE INDEX account_name ON account (name);"
}
_COUNTERS_SECONDS = 1.5
"""The server's sessions write their counters down about once a second."""
_PUBLISHED = 200
_QUEUE = "benchmark"
_TIMES = """SELECT extract(epoch FROM wave.sent_at - event.created_at),
       extract(epoch FROM (SELECT max(finished_at) FROM migrator.outcome WHERE execution_id = event.id) - wave.sent_at)
FROM migrator.event JOIN migrator.wave ON execution_id = event.id AND number = 1
WHERE event.id = %(id)s"""
_COUNTERS = """SELECT coalesce(sum(active_time) FILTER (WHERE datname = ANY (%s)), 0) / 1000,
       coalesce(sum(active_time) FILTER (WHERE datname = 'migrator'), 0) / 1000,
       coalesce(sum(xact_commit) FILTER (WHERE datname = 'migrator'), 0),
       coalesce(sum(tup_inserted + tup_updated + tup_deleted) FILTER (WHERE datname = 'migrator'), 0)
FROM pg_stat_database"""


def costs(stage: Stage, scale: Scale, facts: Mapping[str, Any], say: Callable[[str], None]) -> tuple[Section, Costs]:
    """Some rollouts over one lane for each database, and what they took of everything."""
    runs = []
    for number, (databases, tenants) in enumerate(scale.costs):
        say(f"costs of {databases} x {tenants} tenants")
        runs.append(_run(stage, number, databases, tenants))
    parts = {thing: fitted(_fit_for(runs, thing), thing) for thing in THINGS}
    found = Costs(**parts, publishing=_publishing(stage), facts=dict(facts))
    return Section("A million tenants", as_markdown(Site(), found), {"costs": found.as_document()}), found


def _fit_for(runs: list[Run], thing: str) -> list[Run]:
    """A lane's own time is read where it has no other lane beside it, as this machine has few cores."""
    return [run for run in runs if run.databases == 1] if thing == "lane" else runs


def _run(stage: Stage, number: int, databases: int, tenants: int) -> Run:
    names = [f"costs_{number}_{each}" for each in range(databases)]
    for name in names:
        stage.register(name, schema_names(tenants))
    with stage.other_migrations(_FIRST):
        stage.ours.reports([ask(*names, canary=0)])
    with stage.other_migrations(_FIRST | _SECOND):
        before = _Counters(stage, names)
        asked = ask(*names, canary=0, lanes=1)
        [report] = stage.ours.reports([asked])
        took = _Counters(stage, names).since(before)
    if report["done"] != databases * tenants:
        raise WorkDiffers(f"the costs were not measured: {report['summary']}")
    ((planning, lane),) = stage.control(_TIMES, {"id": asked.id})
    return Run(databases, databases * tenants, took | {"planning": float(planning), "lane": float(lane)})


class _Counters:
    """What everybody has counted so far."""

    def __init__(self, stage: Stage, databases: list[str]) -> None:
        time.sleep(_COUNTERS_SECONDS)
        self._server, _ = stage.meter(workers=False).read()
        self._workers = Meter.of(stage.workers.pids)
        self._broker = Meter.of([stage.services.valkey.pid or 0])
        self._target, self._control, self._commits, self._rows = _server_counters(stage, databases)
        self._messages, self._traffic = _broker_counters(stage)

    def since(self, before: _Counters) -> dict[str, float]:
        """By thing. The server's processor time is shared out by how long the sessions of each database were active."""
        server = self._server - before._server
        target, control = self._target - before._target, self._control - before._control
        share = target / (target + control) if target + control else 0.0
        return {
            "target_cpu": server * share,
            "control_cpu": server * (1 - share),
            "worker_cpu": self._workers - before._workers,
            "broker_cpu": self._broker - before._broker,
            "commits": self._commits - before._commits,
            "rows": self._rows - before._rows,
            "messages": self._messages - before._messages,
            "traffic": self._traffic - before._traffic,
        }


def _server_counters(stage: Stage, databases: list[str]) -> tuple[float, float, float, float]:
    with closing(psycopg2.connect(stage.postgres.url())) as connection, connection.cursor() as cursor:
        cursor.execute(_COUNTERS, [databases])
        ((target, control, commits, rows),) = cursor.fetchall()
        return float(target), float(control), float(commits), float(rows)


def _broker_counters(stage: Stage) -> tuple[float, float]:
    """Tasks published, and bytes in both directions. Kombu's Redis transport puts each task into a list by LPUSH."""
    with redis.Redis.from_url(stage.services.valkey.url()) as broker:
        pushed = broker.info("commandstats").get("cmdstat_lpush", {}).get("calls", 0)
        stats = broker.info("stats")
        return float(pushed), float(stats["total_net_input_bytes"] + stats["total_net_output_bytes"])


def _publishing(stage: Stage) -> float:
    """Seconds to publish one task, to a queue that nobody reads and that is deleted then."""
    started = time.perf_counter()
    for _ in range(_PUBLISHED):
        client.app().send_task("migrator.lane", args=["x" * 36, "database", 1], queue=_QUEUE)
    took = (time.perf_counter() - started) / _PUBLISHED
    with redis.Redis.from_url(stage.services.valkey.url()) as broker:
        broker.delete(_QUEUE)
    return took
