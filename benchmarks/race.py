"""Works (a), (b), (c) and (f) in all lanes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict

from benchmarks.choice import Choice
from benchmarks.limit import Limit
from benchmarks.peers.lineup import Lineup, line_up
from benchmarks.plot import bars
from benchmarks.rounds import Race, Sample, play_round
from benchmarks.scale import Scale
from benchmarks.section import Goal, Section
from benchmarks.shop import FORWARD, Lane, Work
from benchmarks.stage import Stage
from benchmarks.table import Row, as_markdown, ratio_of, summed_up

WARM_UP_SCHEMAS = 4


def race(stage: Stage, scale: Scale, choice: Choice, say: Callable[[str], None]) -> Section:
    """Round after round; the other tools are in the first few of them only."""
    peers = line_up(stage.postgres, stage.home, stage.connections, wanted=choice.peers)
    samples = []
    for sample in _played(stage, scale, choice, peers.lanes, say):
        each = sample.wall * 1000 / sample.tenants
        say(f"round {sample.round}  {sample.work.named:<22} {sample.lane:<18} {each:8.2f} ms per tenant")
        samples.append(sample)
    rows = [row for row in summed_up(samples) if row.work.value in choice.parts]
    document = {
        "rows": [asdict(row) for row in rows],
        "samples": [asdict(sample) for sample in samples],
        "peers": peers.versions,
        "not installed": peers.missing,
    }
    return Section("All lanes", f"{as_markdown(rows)}\n\n{_who(peers)}", document, _goals(rows, scale))


def picture(rows: list[Row]) -> str:
    """How many times the limit's time each lane takes, as an SVG."""
    groups = {work.named: [(r.lane, r.ratio) for r in rows if r.work is work and r.lane != "limit"] for work in FORWARD}
    return bars("Times the limit, each in the same round (logarithmic)", groups)


def _played(
    stage: Stage, scale: Scale, choice: Choice, peers: list[Lane], say: Callable[[str], None]
) -> Iterator[Sample]:
    own: list[Lane] = [Limit(stage.postgres, stage.connections)]
    if "ours" in choice.lanes:
        own.append(stage.ours)
    for peer in peers:
        peer.most = min(filter(None, (peer.most, scale.peer_most)), default=None)
    here, apart = stage.meter(workers=False), stage.meter(workers=True)
    meters = {lane.name: apart if lane.name == "ours" else here for lane in (*own, *peers)}
    if scale.durable:
        say("warming up")
        list(play_round(stage.postgres, Race(own, meters, choice.works, WARM_UP_SCHEMAS), 0))
    for number in range(1, scale.rounds + 1):
        lanes = [*own, *(peers if number <= scale.peer_rounds else [])]
        yield from play_round(stage.postgres, Race(lanes, meters, choice.works, scale.schemas).turned(number), number)


def _who(peers: Lineup) -> str:
    took_part = "; ".join(f"{name}: {version}" for name, version in peers.versions.items())
    absent = "; ".join(f"{name}: not installed, {reason}" for name, reason in peers.missing.items())
    return "Other tools. " + ". ".join(filter(None, (took_part, absent))) + "."


def _goals(rows: list[Row], scale: Scale) -> list[Goal]:
    b, f = (
        next((r for r in rows if (r.work, r.lane) == (work, "ours")), None) for work in (Work.INCREMENT, Work.ROLLBACK)
    )
    return [
        Goal(
            "a", f"the whole history to {scale.schemas}, end to end, to the limit", 1.10, ratio_of(rows, Work.HISTORY)
        ),
        Goal("b", f"one increment to {scale.schemas}, end to end, to the limit", 1.50, ratio_of(rows, Work.INCREMENT)),
        Goal("f", "the rollback of (b), to (b)", 1.20, f.wall_ms / b.wall_ms if b and f else None),
    ]
