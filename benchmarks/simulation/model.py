"""What a rollout takes of each part of a site, and which part says first that it cannot go faster. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from benchmarks.simulation.costs import Costs
from benchmarks.simulation.site import Site
from benchmarks.simulation.wave import Wave, play


@dataclass(frozen=True)
class Part:
    """Seconds that one part of the site is busy when it works at its best; the change that takes the load off it."""

    name: str
    seconds: float
    change: str
    eased: Callable[[Site], Site]


@dataclass(frozen=True)
class Rollout:
    """The whole of it. Rates are averages over its time."""

    site: Site
    seconds: float
    planning: float
    wave: Wave
    parts: tuple[Part, ...]
    commits: float
    rows: float
    messages: float
    traffic: float

    @property
    def first_limit(self) -> Part:
        """The part that is busy longest, so that it saturates first."""
        return max(self.parts, key=lambda part: part.seconds)

    def rate(self, total: float) -> float:
        """A total in the second."""
        return total / self.seconds


def roll_out(site: Site, costs: Costs) -> Rollout:
    """Plan, canary, then wave after wave; each is as slow as its slowest part."""
    opened = site.databases * site.lanes * site.waves
    planning = costs.planning.of(site.databases, site.tenants) / site.control_pieces
    wave = play(
        [math.ceil(size / site.waves) for size in site.sizes],
        lanes=site.lanes,
        workers=site.workers,
        each=costs.lane.tenant,
        opening=costs.lane.execution,
        slice_=site.lane_slice,
        publishing=costs.publishing / site.control_pieces,
    )
    parts = _parts(site, costs, planning, opened)
    working = max(wave.seconds * site.waves, *(part.seconds for part in parts if part.name != _PLANNING))
    messages = costs.messages.execution + wave.messages * site.waves
    return Rollout(
        site,
        planning + costs.lane.execution + costs.lane.tenant + working,
        planning,
        wave,
        parts,
        costs.commits.of(opened, site.tenants),
        costs.rows.of(opened, site.tenants),
        messages,
        costs.traffic.of(opened, site.tenants),
    )


def workers_for(site: Site, costs: Costs, seconds: float) -> int | None:
    """The fewest worker processes with which the rollout is over in time; None when more do not help."""
    most = site.databases * site.lanes
    if roll_out(replace(site, workers=most), costs).seconds > seconds:
        return None
    few, many = 0, most
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (
            (few, middle) if roll_out(replace(site, workers=middle), costs).seconds <= seconds else (middle, many)
        )
    return many


_PLANNING = "planning, one process"


def _parts(site: Site, costs: Costs, planning: float, opened: int) -> tuple[Part, ...]:
    """Every part by itself, as if the others were endless.

    ``opened`` is how many lanes there are in all: each pays what was measured per database, over one lane.
    """
    per_wave = math.ceil(max(site.sizes) / site.waves)
    lane_work = site.tenants * costs.lane.tenant + opened * costs.lane.execution
    commits = costs.commits.of(opened, site.tenants) / site.control_commits
    control = costs.control_cpu.of(opened, site.tenants) / site.control_cores
    return (
        Part(_PLANNING, planning, "two control databases, half the fleet each", _halved),
        Part(
            "publishing a wave, one process",
            opened * costs.publishing / site.control_pieces,
            "half as many lanes for each database",
            lambda s: replace(s, lanes=max(1, s.lanes // 2)),
        ),
        Part(
            "lanes of the largest database",
            site.waves * (costs.lane.execution + math.ceil(per_wave / site.lanes) * costs.lane.tenant),
            "twice the lanes for each database",
            lambda s: replace(s, lanes=s.lanes * 2),
        ),
        Part("worker processes", lane_work / site.workers, "twice the worker processes", _twice_the_workers),
        Part(
            "worker hosts, CPU",
            costs.worker_cpu.of(opened, site.tenants) / (site.hosts * site.cores_per_host),
            "the same processes on twice the hosts",
            lambda s: replace(s, workers_per_host=max(1, s.workers_per_host // 2)),
        ),
        Part(
            "target servers, CPU",
            costs.target_cpu.of(opened, site.tenants) * _busiest(site) / (site.servers * site.cores_per_server),
            "half as many databases on each server",
            lambda s: replace(s, databases_per_server=max(1, s.databases_per_server // 2)),
        ),
        Part(
            "control database, CPU",
            control / site.control_pieces,
            "two control databases, half the fleet each",
            _halved,
        ),
        Part("control database, commits", commits / site.control_pieces, "a disk twice as fast", _faster_disk),
        Part(
            "broker, one thread",
            costs.broker_cpu.of(opened, site.tenants) / site.control_pieces,
            "two control databases, each with its broker",
            _halved,
        ),
    )


def _busiest(site: Site) -> float:
    """The server with the largest databases, to the average one; databases are dealt out to the servers in turn."""
    sizes, servers = site.sizes, max(1, round(site.servers))
    return max(sum(sizes[n::servers]) for n in range(servers)) / (site.tenants / servers)


def _halved(site: Site) -> Site:
    return replace(site, control_pieces=site.control_pieces * 2)


def _twice_the_workers(site: Site) -> Site:
    return replace(site, workers=site.workers * 2)


def _faster_disk(site: Site) -> Site:
    return replace(site, control_commits=site.control_commits * 2)
