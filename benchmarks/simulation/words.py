"""The model's answer as Markdown. Pure."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.simulation.costs import Costs
from benchmarks.simulation.model import Rollout, roll_out, workers_for
from benchmarks.simulation.site import Site

_GOALS = (1.0, 2.0, 4.0, 8.0)
"""Hours."""


def as_markdown(site: Site, costs: Costs) -> str:
    """Assumptions, the rollout, its parts with the change that moves each, and workers by time."""
    rollout = roll_out(site, costs)
    return "\n\n".join([_assumed(site, costs), _summary(rollout), _parts(rollout, costs), _workers(site, costs)])


def _assumed(site: Site, costs: Costs) -> str:
    lines = [
        f"{site.tenants:,} tenants in {site.databases:,} databases; the largest has {site.largest:g} times the average",
        f"{site.databases_per_server} databases on a server with {site.cores_per_server} cores",
        f"{site.workers} worker processes, {site.workers_per_host} on a host with {site.cores_per_host} cores",
        f"{site.lanes} lanes for each database, slices of {site.lane_slice:g} s, a canary and then {site.waves} waves",
        f"a control database with {site.control_cores} cores that commits {site.control_commits:,.0f} times a second",
        "the work is one increment, work (b); costs are linear, and a core of these machines is like one of those on "
        f"which they were measured ({costs.facts.get('machine', 'not said')}, {costs.facts.get('date', 'no date')})",
    ]
    return "Assumed:\n\n" + "\n".join(f"- {line}" for line in lines)


def _summary(rollout: Rollout) -> str:
    rows = [
        ("rollout", spoken(rollout.seconds)),
        ("of which planning", spoken(rollout.planning)),
        ("tenants", f"{rollout.site.tenants / rollout.seconds:,.0f} a second"),
        ("workers busy", f"{rollout.wave.busy:.0%}"),
        (
            "control database",
            f"{rollout.rate(rollout.commits):,.0f} commits and {rollout.rate(rollout.rows):,.0f} rows a second",
        ),
        (
            "broker",
            f"{rollout.rate(rollout.messages):,.1f} tasks and {rollout.rate(rollout.traffic) / 1024:,.0f} KiB a second",
        ),
        ("saturates first", rollout.first_limit.name),
    ]
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)])


def _parts(rollout: Rollout, costs: Costs) -> str:
    """Every part alone, and what the change that helps it does to the whole."""
    lines = [
        "| part | alone it needs | busy | the change that moves it | rollout with it |",
        "|---|---:|---:|---|---:|",
    ]
    for part in sorted(rollout.parts, key=lambda part: -part.seconds):
        then = roll_out(part.eased(rollout.site), costs)
        share = part.seconds / rollout.seconds
        lines.append(f"| {part.name} | {spoken(part.seconds)} | {share:.0%} | {part.change} | {spoken(then.seconds)} |")
    return "\n".join(lines)


def _workers(site: Site, costs: Costs) -> str:
    lines = ["| over within | worker processes | on hosts |", "|---|---:|---:|"]
    for hours in _GOALS:
        many = workers_for(site, costs, hours * 3600)
        hosts = "" if many is None else f"{replace(site, workers=many).hosts:.1f}"
        lines.append(f"| {hours:g} h | {many or 'not with more workers alone'} | {hosts} |")
    return "\n".join(lines)


def spoken(seconds: float) -> str:
    """In the unit that one would say."""
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
