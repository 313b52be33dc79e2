"""What ``--only`` chooses: works and lanes, by their names in the report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.peers.lineup import PEERS
from benchmarks.shop import Work

RACED = tuple(work.value for work in Work)
OTHERS = ("idle", "d", "e", "g", "watching", "costs")
OWN = ("limit", "ours")


class NoSuchChoice(ValueError):
    """A word that is neither a work nor a lane."""


@dataclass(frozen=True)
class Choice:
    """Works and lanes; those that were not named are all chosen, works and lanes apart."""

    parts: tuple[str, ...] = (*RACED, *OTHERS)
    lanes: tuple[str, ...] = (*OWN, *PEERS)

    @staticmethod
    def of(words: Iterable[str]) -> Choice:
        """Read the words of the command line. Raises NoSuchChoice; the limit always runs, because it is the measure."""
        said = [word.strip() for words_ in words for word in words_.split(",") if word.strip()]
        every = Choice()
        if unknown := [word for word in said if word not in (*every.parts, *every.lanes)]:
            raise NoSuchChoice(f"{unknown[0]} is none of {', '.join((*every.parts, *every.lanes))}")
        parts = tuple(part for part in every.parts if part in said)
        lanes = tuple(lane for lane in every.lanes if lane in said or lane == "limit")
        return Choice(parts or every.parts, lanes if len(lanes) > 1 or "limit" in said else every.lanes)

    @property
    def works(self) -> tuple[Work, ...]:
        """The works to be done: those chosen, and those that a fleet has to be through before them."""
        wanted = [number for number, work in enumerate(Work) if work.value in self.parts]
        return tuple(Work)[: wanted[-1] + 1] if wanted else ()

    @property
    def peers(self) -> tuple[str, ...]:
        """The other tools that take part."""
        return tuple(lane for lane in self.lanes if lane in PEERS)

    @property
    def needs_workers(self) -> bool:
        """Whether anything of it goes through Celery."""
        return bool(self.works) or any(part in self.parts for part in ("idle", "e", "g", "costs"))
