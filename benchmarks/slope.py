"""Work (g): whether more tenants cost more each, by the size of the fleet and along one run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace

from benchmarks.along import Along, watch_run
from benchmarks.limit import Limit
from benchmarks.rounds import Race, play_round
from benchmarks.scale import Scale
from benchmarks.section import Goal, Section
from benchmarks.shop import Fleet, Lane, Work, schema_names
from benchmarks.stage import Stage
from benchmarks.table import Row, ratio_of, summed_up

_WORKS = (Work.HISTORY, Work.INCREMENT)
_HEAD = (
    "| tenants | work | lane | ms per tenant | to limit | server CPU | client CPU |\n|---:|---|---|---:|---:|---:|---:|"
)


def slope(stage: Stage, scale: Scale, say: Callable[[str], None]) -> Section:
    """The limit and we at every size, in turn, and one run of each watched from its first tenant to its last."""
    lanes: list[Lane] = [Limit(stage.postgres, stage.connections), stage.ours]
    rows = {size: _at(stage, lanes, size, scale.slope_rounds, say) for size in scale.slope}
    say("along one run")
    runs = [_along(stage, lane, scale) for lane in lanes]
    table = [_HEAD, *(_line(size, row) for size, found in rows.items() for row in found)]
    said = "\n".join(["| lane | " + Along.HEAD, "|---|" + Along.RULE, *(run.as_markdown() for run in runs)])
    document = {
        "sizes": {str(size): [asdict(row) for row in found] for size, found in rows.items()},
        "along": [asdict(run) for run in runs],
    }
    goals = [*_size_goals(rows), _along_goal(runs[-1])]
    return Section("More tenants", "\n".join(table) + f"\n\n{said}", document, goals)


def _at(stage: Stage, lanes: Sequence[Lane], size: int, rounds: int, say: Callable[[str], None]) -> list[Row]:
    say(f"{size} tenants")
    meters = {lane.name: stage.meter(workers=lane.name == "ours") for lane in lanes}
    race = Race(lanes, meters, _WORKS, size, f"slope_{size}")
    turns = (race.turned(number) for number in range(1, rounds + 1))
    return summed_up(
        [sample for n, turn in enumerate(turns, start=1) for sample in play_round(stage.postgres, turn, n)]
    )


def _along(stage: Stage, lane: Lane, scale: Scale) -> Along:
    early, late = scale.along
    fleet = Fleet(f"along_{lane.name}", schema_names(late + early))
    stage.postgres.create_database(fleet.database)
    lane.prepare(fleet)
    meter = stage.meter(workers=False)
    found = watch_run(stage.postgres, fleet, meter, lambda: lane.run(Work.HISTORY, fleet), (early, late))
    return replace(found, lane=lane.name)


def _line(size: int, row: Row) -> str:
    wall, server, client = (f"{value:.2f}" for value in (row.wall_ms, row.server_ms, row.client_ms))
    return f"| {size} | {row.work.named} | {row.lane} | {wall} | x{row.ratio:.2f} | {server} | {client} |"


def _size_goals(rows: dict[int, list[Row]]) -> list[Goal]:
    first, *larger = rows
    many = [
        Goal("b", f"one increment to {size}, end to end, to the limit", 1.20, ratio_of(rows[size], Work.INCREMENT))
        for size in larger
        if size == 5_000
    ]
    return many + [
        Goal(
            "g",
            f"{_named(work)} at {size}: ratio to the limit, to that at {first}",
            1.0,
            _grown(rows, first, size, work),
        )
        for size in larger
        for work in _WORKS
    ]


def _grown(rows: dict[int, list[Row]], first: int, size: int, work: Work) -> float | None:
    before, after = ratio_of(rows[first], work), ratio_of(rows[size], work)
    return after / before if before and after else None


def _named(work: Work) -> str:
    return work.named.split(") ")[1]


def _along_goal(run: Along) -> Goal:
    promise = f"server CPU per tenant at the {run.late}th tenant of a run, to that at the {run.early}th"
    return Goal("g", promise, 1.2, run.growth)
