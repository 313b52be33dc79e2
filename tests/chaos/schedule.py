"""What is killed when, drawn from a seed alone: the same seed is the same round."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import TypeVar

T = TypeVar("T")

FEWEST_STRIKES, MOST_STRIKES = 5, 8
LONGEST_AWAY = 3.0
"""Seconds that a server stays away before it is started again."""


class Kind(StrEnum):
    """What can be done to a running fleet."""

    CHILD = "worker child"
    WORKER = "worker tree"
    BEAT = "beat"
    RELAY = "relay"
    VALKEY = "Valkey"
    FLUSH = "FLUSHALL"
    RABBITMQ = "RabbitMQ"
    TERMINATE = "backend terminated"
    CRASH = "backend kill -9"
    TARGET = "target postmaster"
    CONTROL = "control postmaster"


LOTS: Mapping[Kind, int] = {
    Kind.CHILD: 4,
    Kind.WORKER: 3,
    Kind.BEAT: 1,
    Kind.RELAY: 1,
    Kind.VALKEY: 2,
    Kind.FLUSH: 2,
    Kind.RABBITMQ: 2,
    Kind.TERMINATE: 3,
    Kind.CRASH: 2,
    Kind.TARGET: 2,
    Kind.CONTROL: 1,
}
"""How many lots of each kind are in the urn; they are not put back within a round."""


@dataclass(frozen=True, slots=True)
class Strike:
    """One thing that is done to the fleet."""

    at: float
    """Seconds after the first event was sent."""
    kind: Kind
    pick: float
    """Chooses among what can be hit: 0 for the first, just below 1 for the last."""
    away: float
    """Seconds that a server stays away."""


@dataclass(frozen=True, slots=True)
class Script:
    """Everything about a round that is left to chance."""

    seed: int
    strikes: tuple[Strike, ...]
    sign_ups: tuple[float, ...]
    """When further customers sign up, in seconds after the first event."""
    rolls_back: bool
    """Whether the migration is taken back afterwards ..."""
    strikes_back: tuple[Strike, ...]
    """... and what is killed meanwhile."""


def script_for(seed: int, seconds: float, kinds: Collection[Kind]) -> Script:
    """Draw a round. ``seconds``: the time over which the strikes are spread."""
    chance = Random(seed)
    strikes = _draw(chance, seconds, kinds, chance.randint(FEWEST_STRIKES, MOST_STRIKES))
    sign_ups = tuple(sorted(chance.uniform(0, seconds) for _ in range(chance.choice((0, 3, 6)))))
    back = chance.random() < 1 / 3
    strikes_back = _draw(chance, seconds / 3, kinds, 2) if back else ()
    return Script(seed, strikes, sign_ups, back, strikes_back)


def chosen(candidates: Sequence[T], pick: float) -> T | None:
    """The candidate that a number from 0 to 1 stands for; None when there is none."""
    return candidates[int(pick * len(candidates))] if candidates else None


def _draw(chance: Random, seconds: float, kinds: Collection[Kind], count: int) -> tuple[Strike, ...]:
    urn = [kind for kind in Kind if kind in kinds for _ in range(LOTS[kind])]
    drawn = chance.sample(urn, min(count, len(urn)))
    moments = sorted(chance.uniform(0.5, max(seconds, 1.0)) for _ in drawn)
    return tuple(
        Strike(round(at, 2), kind, chance.random(), round(chance.uniform(0, LONGEST_AWAY), 2))
        for at, kind in zip(moments, drawn, strict=True)
    )
