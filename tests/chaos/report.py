"""What the rounds came to, as a table for people and a document for programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.chaos.recovery import Recovery, late, promises
from tests.chaos.round import Verdict
from tests.chaos.schedule import Kind

Figures = Mapping[str, float | int | None]


def by_kind(verdicts: Sequence[Verdict]) -> dict[str, Figures]:
    """Number of kills and seconds to recovery for each kind that was met."""
    found: dict[Kind, list[Recovery]] = {}
    for verdict in verdicts:
        for recovery in verdict.recoveries:
            found.setdefault(recovery.kind, []).append(recovery)
    return {kind.value: _figures(found[kind]) for kind in Kind if kind in found}


def as_document(facts: Mapping[str, Any], verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Everything, as JSON takes it."""
    lease = facts["lease"]
    return {
        "facts": dict(facts),
        "rounds": len(verdicts),
        "failed_rounds": [verdict.script.seed for verdict in verdicts if verdict.faults],
        "late_rounds": [v.script.seed for v in verdicts if any(not each.is_busy for each in late(v.recoveries, lease))],
        "late": [told(v.script.seed, each, lease) for v in verdicts for each in late(v.recoveries, lease)],
        "kills": sum(len(verdict.hits) for verdict in verdicts),
        "schemas": sum(verdict.schemas for verdict in verdicts),
        "operator_retries": sum(verdict.retries for verdict in verdicts),
        "events_sent_again": sum(verdict.sent_again for verdict in verdicts),
        "by_kind": by_kind(verdicts),
        "verdicts": [asdict(verdict) for verdict in verdicts],
    }


def tell(console: Console, document: Mapping[str, Any]) -> None:
    """Print the table, and what was late."""
    table = Table(
        "killed", "times", "next: median", "worst", "taken over: times", "median", "worst", "alone", "worst alone"
    )
    for column in table.columns[1:]:
        column.justify = "right"
    for kind, figures in document["by_kind"].items():
        table.add_row(kind, *(_cell(figures[name]) for name in _NAMES))
    console.print(table)
    failed = document["failed_rounds"]
    console.print(
        f"{document['rounds']} rounds, {document['schemas']} schemas, {document['kills']} kills; "
        f"{len(failed)} rounds failed; {document['operator_retries']} executions needed a retry by hand; "
        f"{document['events_sent_again']} events were sent again because the broker forgot them"
    )
    for sentence in document["late"]:
        console.print(sentence, markup=False)


def told(seed: int, recovery: Recovery, lease: float) -> str:
    """What is said of one that took longer than was promised."""
    promised, own = promises(lease)[recovery.kind], recovery.own or 0.0
    busy = f"; the machine was busy, load {recovery.load:.1f} for each core, so it does not count"
    return (
        f"late: round {seed}, {recovery.kind.value}: taken over after {recovery.taken_over:.1f} s, {own:.1f} s of them "
        f"while nothing else was away, promised are {promised:g}{busy if recovery.is_busy else ''}"
    )


_NAMES = (
    "times",
    "next_median",
    "next_max",
    "taken_times",
    "taken_median",
    "taken_max",
    "alone_times",
    "alone_max",
)


def _figures(found: Sequence[Recovery]) -> Figures:
    following = _given(recovery.next_progress for recovery in found)
    taken = _given(recovery.taken_over for recovery in found)
    alone = _given(recovery.taken_over for recovery in found if recovery.is_alone)
    worst_alone = _middle_and_end(alone)[1]
    values = (len(found), *_middle_and_end(following), len(taken), *_middle_and_end(taken), len(alone), worst_alone)
    return dict(zip(_NAMES, values, strict=True))


def _given(times: Iterable[float | None]) -> list[float]:
    return [time for time in times if time is not None]


def _middle_and_end(times: Sequence[float]) -> tuple[float | None, float | None]:
    return (round(median(times), 1), round(max(times), 1)) if times else (None, None)


def _cell(figure: float | None) -> str:
    return "-" if figure is None else f"{figure:.1f} s" if isinstance(figure, float) else str(figure)
