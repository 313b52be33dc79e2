"""What was remembered between the scripts of a transaction, read back and told apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from migrator.model.performance import Lap


@dataclass(frozen=True, slots=True)
class _Moment:
    """What was noted behind one script; the first one is the beginning."""

    seconds: float
    wal: int | None
    rows: int | None
    work: int | None
    """Rows of the catalog."""


def read_laps(scripts: Sequence[str], found: Iterable[Sequence[Any]]) -> tuple[list[Lap], list[int]]:
    """The lap of each script, and the numbers, from 1, of those that left catalog and rows as they were.

    ``found`` is what the query ``laps`` gave: numbers as text, empty or null where there are none.
    """
    ordered = sorted(found, key=lambda row: int(row[0]))
    moments = [
        _Moment(float(lap), _position(wal), _number(rows), _number(work)) for _, lap, wal, rows, work, _ in ordered
    ]
    counts = all(row[-1] == "on" for row in ordered)
    steps = list(pairwise(moments))
    laps = [
        Lap(script, after.seconds - before.seconds, _less(after.rows, before.rows), _less(after.wal, before.wal))
        for script, (before, after) in zip(scripts, steps, strict=True)
    ]
    idle = [number for number, step in enumerate(steps, start=1) if counts and _is_idle(*step)]
    return laps, idle


def _is_idle(before: _Moment, after: _Moment) -> bool:
    return _less(after.work, before.work) == 0 and not _less(after.rows, before.rows)


def _less(after: int | None, before: int | None) -> int | None:
    return None if after is None or before is None else after - before


def _number(text: str | None) -> int | None:
    return int(text) if text else None


def _position(text: str | None) -> int | None:
    """A position in the server's log, as PostgreSQL writes it: two halves in hexadecimal."""
    if not text:
        return None
    high, _, low = text.partition("/")
    return (int(high, 16) << 32) + int(low, 16)
