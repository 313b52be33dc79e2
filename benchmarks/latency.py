"""Work (e): how long an event takes from publish to result, on idle workers and beside a bulk run."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from statistics import median

from celery.result import AsyncResult

from benchmarks.ours import Ours, ask
from benchmarks.scale import Scale
from benchmarks.section import Goal, Section
from benchmarks.shop import WorkDiffers, schema_names
from benchmarks.stage import Stage
from migrator import client

DATABASE = "latency"


@dataclass(frozen=True)
class Latency:
    """Of one kind of event under one load, in milliseconds."""

    event: str
    load: str
    events: int
    p50: float
    p99: float
    most: float

    def as_markdown(self) -> str:
        """One line of the table."""
        return f"| {self.event} | {self.load} | {self.events} | {self.p50:.0f} | {self.p99:.0f} | {self.most:.0f} |"


_KINDS = {"tenant.created, only registered": False, "tenant.created, and its schema made": True}
_HEAD = "| event | workers | events | p50 ms | p99 ms | most ms |\n|---|---|---:|---:|---:|---:|"


def latency(stage: Stage, scale: Scale) -> Section:
    """Idle first, then the same events while a run over many tenants of the same database goes on."""
    stage.register(DATABASE, schema_names(scale.bulk, "bulk"))
    newcomers = Newcomers(stage.ours)
    newcomers.one(migrate=True)  # asks for the template
    idle = _taken(newcomers, scale.latency, lambda: True)
    bulk = ask(DATABASE)
    busy = _taken(newcomers, scale.latency, lambda: not bulk.ready())
    _end(stage, bulk)
    found = [
        Latency(event, load, len(taken[event]), *quantiles(taken[event]))
        for load, taken in (("idle", idle), (f"{scale.bulk} tenants under way", busy))
        for event in _KINDS
        if taken[event]
    ]
    goals = [_goal(found[0], "idle", 100)] + [_goal(each, "beside a bulk run", 1000) for each in found[2:3]]
    markdown = "\n".join([_HEAD, *(each.as_markdown() for each in found)])
    return Section("Events", markdown, {"latency": [asdict(each) for each in found]}, goals)


class Newcomers:
    """Tenants of one database that sign up, one after the other."""

    def __init__(self, ours: Ours) -> None:
        self._ours, self._many = ours, 0

    def one(self, *, migrate: bool) -> float:
        """Publish the next one and wait for its result; milliseconds."""
        self._many += 1
        name = f"newcomer_{self._many:05}"
        started = time.perf_counter()
        sent = client.tenant_created.delay(
            tenant_id=name,
            tenant_slug=name,
            database_id=DATABASE,
            schema_name=name,
            region="here",
            auto_migrate=migrate,
        )
        self._ours.reports([sent])
        return (time.perf_counter() - started) * 1000


def quantiles(taken: Sequence[float]) -> tuple[float, float, float]:
    """Median, the one that 99 in a hundred are not above, and the largest."""
    ordered = sorted(taken)
    return median(ordered), ordered[math.ceil(len(ordered) * 0.99) - 1], ordered[-1]


def _taken(newcomers: Newcomers, many: int, goes_on: Callable[[], bool]) -> dict[str, list[float]]:
    """The kinds in turn, as long as the load lasts; what ended after it does not count."""
    taken: dict[str, list[float]] = {event: [] for event in _KINDS}
    for _ in range(many):
        for event, migrate in _KINDS.items():
            milliseconds = newcomers.one(migrate=migrate)
            if not goes_on():
                return taken
            taken[event].append(milliseconds)
    return taken


def _end(stage: Stage, bulk: AsyncResult) -> None:
    """Nobody waits for the rest of the bulk run."""
    client.app().send_task("migrator.steer", args=[bulk.id, "cancel"], kwargs={"by": "benchmark"}, queue="critical")
    try:
        [report] = stage.ours.reports([bulk])
    except Exception as ended:  # a cancelled run raises its report in the class of the workers' code
        if not isinstance(report := getattr(ended, "report", None), dict):
            raise WorkDiffers(f"the bulk run did not end as it should: {ended}") from ended
    if report["failed"]:
        raise WorkDiffers(f"the bulk run failed: {report['summary']}")


def _goal(found: Latency, when: str, bound: float) -> Goal:
    return Goal("e", f"{found.event}, publish to result, p99, {when}", bound, found.p99, "ms")
