"""The samples summed up: a Markdown table for people, a document for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from benchmarks.rounds import Sample
from benchmarks.shop import Work

_HEAD = """| work | lane | ms per tenant | in all, ms | to limit | lowest to highest | server CPU | client CPU |
|---|---|---:|---:|---:|---|---:|---:|"""


@dataclass(frozen=True)
class Row:
    """One work in one lane; medians over the rounds, ratios to ``limit`` in the same round."""

    work: Work
    lane: str
    wall_ms: float
    ratio: float
    lowest: float
    highest: float
    server_ms: float
    client_ms: float


def summed_up(samples: Sequence[Sample], schemas: int) -> list[Row]:
    """A row for each work and lane, in the order in which they occur; milliseconds are per tenant."""
    pairs = dict.fromkeys((s.work, s.lane) for s in sorted(samples, key=lambda s: (s.work, s.lane != "limit", s.lane)))
    return [_row([s for s in samples if (s.work, s.lane) == pair], samples, schemas) for pair in pairs]


def _row(own: Sequence[Sample], samples: Sequence[Sample], schemas: int) -> Row:
    limit = {(s.round, s.work): s.wall for s in samples if s.lane == "limit"}
    ratios = [s.wall / limit[s.round, s.work] for s in own]
    wall, server, client = (
        median(getattr(s, what) for s in own) * 1000 / schemas for what in ("wall", "server", "client")
    )
    return Row(own[0].work, own[0].lane, wall, median(ratios), min(ratios), max(ratios), server, client)


def as_markdown(facts: Mapping[str, Any], rows: Sequence[Row], schemas: int) -> str:
    """Facts of the machine and the run, then the table."""
    head = "\n".join(f"- {name}: {value}" for name, value in facts.items())
    return f"{head}\n\n{_HEAD}\n" + "\n".join(_line(row, schemas) for row in rows)


def _line(row: Row, schemas: int) -> str:
    ratios = f"x{row.ratio:.2f} | {row.lowest:.2f} to {row.highest:.2f}"
    total = f"{row.wall_ms * schemas:.0f}"
    wall, server, client = (f"{value:.2f}" for value in (row.wall_ms, row.server_ms, row.client_ms))
    return f"| {row.work.named} | {row.lane} | {wall} | {total} | {ratios} | {server} | {client} |"


def as_document(facts: Mapping[str, Any], rows: Sequence[Row], samples: Sequence[Sample]) -> dict[str, Any]:
    """Everything, down to the single sample in seconds."""
    return {"facts": dict(facts), "rows": [asdict(row) for row in rows], "samples": [asdict(s) for s in samples]}
