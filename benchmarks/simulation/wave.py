"""One wave, event by event: lanes wait in a queue, workers take them, a lane that has more sends itself again. Pure."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Wave:
    """How long it took, how many messages it was, and how busy the workers were."""

    seconds: float
    messages: int
    busy: float
    """Share of the workers' time that lanes worked."""


def play(
    sizes: Sequence[int], *, lanes: int, workers: int, each: float, opening: float, slice_: float, publishing: float
) -> Wave:
    """Let workers take lanes until no tenant is left.

    ``sizes`` are tenants by database; ``each`` and ``opening`` are seconds for a tenant and for taking up a lane;
    message after message of the wave comes ``publishing`` seconds after the one before it.
    """
    left = list(sizes)
    header = [place for place, size in enumerate(sizes) for _ in range(min(lanes, size))]
    waiting = deque((number * publishing, place) for number, place in enumerate(header))
    again: list[tuple[float, int]] = []
    free = [0.0] * workers
    end, worked, messages = len(header) * publishing, 0.0, 0
    most = max(1, int(slice_ / each)) if each else max(sizes, default=1)
    while waiting or again:
        published, place = heapq.heappop(again) if _comes_first(again, waiting) else waiting.popleft()
        begins = max(published, heapq.heappop(free))
        done = min(left[place], most)
        left[place] -= done
        took = opening + done * each if done else 0.0
        heapq.heappush(free, begins + took)
        worked, end, messages = worked + took, max(end, begins + took), messages + 1
        if left[place]:
            heapq.heappush(again, (begins + took, place))
    return Wave(end, messages, worked / (end * workers) if end else 0.0)


def _comes_first(again: Sequence[tuple[float, int]], waiting: Sequence[tuple[float, int]]) -> bool:
    return bool(again) and (not waiting or again[0] < waiting[0])
