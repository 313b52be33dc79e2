"""A rehearsal: what pending migrations did to a clone of one target, and which targets are worth one. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from migrator.model.lock import Lock
from migrator.model.target import Target


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What one migration did to a clone, and whether it could be taken back."""

    script: str
    seconds: float
    """On tables without rows."""
    locks: tuple[Lock, ...] = ()
    """Which it took on relations that were there before, or made stronger, and held to the end of its transaction.
    What only stops others from dropping a table is left out. As its text tells for what runs outside a transaction.
    """
    rewrites: tuple[str, ...] = ()
    """Tables that were there before and whose rows are in another file now."""
    way_back: str | None = None
    """The kind of the way back that was taken: undo or inverse; None where none was."""
    obstacle: str | None = None
    """Why it was not taken back."""
    differences: tuple[str, ...] = ()
    """In what the clone then was otherwise than before; empty for a way back that is exact."""

    @property
    def is_fine(self) -> bool:
        """Whether its way back, if there is one, is exact."""
        return not self.differences


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What became of the clone of one target."""

    schema: str
    migrations: tuple[Rehearsed, ...] = ()
    failure: str | None = None
    """What went wrong on the way forward, back, or forward again; the migrations are those that got through before."""
    again: tuple[str, ...] = ()
    """In what the clone was otherwise after it was taken back and brought forward again."""

    @property
    def is_fine(self) -> bool:
        """Whether nothing failed and every way back that there is was exact."""
        return self.failure is None and not self.again and all(each.is_fine for each in self.migrations)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A target that could be rehearsed."""

    target: Target
    size: int = 0
    """Bytes; 0 for a schema that is not there yet."""
    fingerprint: str | None = None
    peers: Hashable = None
    """Equal for targets whose fingerprints should be equal."""


def representatives(candidates: Iterable[Candidate], most: int = 3) -> list[Target]:
    """At most so many targets of each scope that stand for the others: the largest, the smallest, and of those whose
    fingerprint is odd among their peers one of each kind, the rarest kind first.
    """
    chosen: list[Target] = []
    found = sorted(candidates, key=lambda each: (-each.size, each.target))
    for scope in dict.fromkeys(each.target.scope for each in sorted(found, key=lambda each: each.target.scope)):
        own = [each for each in found if each.target.scope is scope]
        in_order = (own[0], own[-1], *_odd(own))
        chosen += list(dict.fromkeys(each.target for each in in_order))[:most]
    return chosen


def _odd(candidates: Sequence[Candidate]) -> Iterator[Candidate]:
    """One of each group of equal ones that is not the largest among its peers, the smallest group first."""
    known = [each for each in candidates if each.fingerprint is not None]
    groups = Counter((each.peers, each.fingerprint) for each in known)
    norms: dict[Hashable, str | None] = {}
    for (peers, fingerprint), _ in groups.most_common():
        norms.setdefault(peers, fingerprint)
    seen = set()
    for each in sorted(known, key=lambda each: (groups[each.peers, each.fingerprint], each.target)):
        group = each.peers, each.fingerprint
        if each.fingerprint != norms[each.peers] and group not in seen:
            seen.add(group)
            yield each
