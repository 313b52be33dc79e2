"""The samples summed up: a row for each work and lane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.rounds import Sample
from benchmarks.shop import Work

_HEAD = """| work | lane | tenants | ms per tenant | to limit | lowest to highest | server CPU | client CPU |
|---|---|---:|---:|---:|---|---:|---:|"""


@dataclass(frozen=True)
class Row:
    """One work in one lane; medians over the rounds, ratios to ``limit`` in the same round; all per tenant."""

    work: Work
    lane: str
    tenants: int
    rounds: int
    wall_ms: float
    ratio: float
    lowest: float
    highest: float
    server_ms: float
    client_ms: float

    def as_markdown(self) -> str:
        """One line of the table."""
        ratios = f"x{self.ratio:.2f} | {self.lowest:.2f} to {self.highest:.2f}"
        wall, server, client = (f"{value:.2f}" for value in (self.wall_ms, self.server_ms, self.client_ms))
        return f"| {self.work.named} | {self.lane} | {self.tenants} | {wall} | {ratios} | {server} | {client} |"


def summed_up(samples: Sequence[Sample]) -> list[Row]:
    """A row for each work and lane, the limit first and then the quickest."""
    pairs = dict.fromkeys((s.work, s.lane) for s in samples)
    rows = [_row([s for s in samples if (s.work, s.lane) == pair], samples) for pair in pairs]
    return sorted(rows, key=lambda row: (row.work, row.lane != "limit", row.ratio))


def _row(own: Sequence[Sample], samples: Sequence[Sample]) -> Row:
    limit = {(s.round, s.work): s.wall / s.tenants for s in samples if s.lane == "limit"}
    ratios = [s.wall / s.tenants / limit[s.round, s.work] for s in own]
    wall, server, client = (
        median(getattr(s, what) * 1000 / s.tenants for s in own) for what in ("wall", "server", "client")
    )
    extent = (median(ratios), min(ratios), max(ratios))
    return Row(own[0].work, own[0].lane, own[0].tenants, len(own), wall, *extent, server, client)


def as_markdown(rows: Sequence[Row]) -> str:
    """The table."""
    return "\n".join([_HEAD, *(row.as_markdown() for row in rows)])


def ratio_of(rows: Sequence[Row], work: Work, lane: str = "ours") -> float | None:
    """The median ratio to the limit; None when that was not measured."""
    return next((row.ratio for row in rows if (row.work, row.lane) == (work, lane)), None)


def as_ratios(rows: Sequence[Row]) -> str:
    """A column for each lane but the limit, a row for each work: the ratios alone."""
    lanes = list(dict.fromkeys(row.lane for row in rows if row.lane != "limit"))
    works = list(dict.fromkeys(row.work for row in rows))
    lines = [f"| to the limit | {' | '.join(lanes)} |", f"|---|{'---:|' * len(lanes)}"]
    for work in works:
        found = [ratio_of(rows, work, lane) for lane in lanes]
        lines.append(f"| {work.named} | {' | '.join('' if ratio is None else f'x{ratio:.3g}' for ratio in found)} |")
    return "\n".join(lines)
