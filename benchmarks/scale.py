"""How much is measured: for figures that mean something, and for a look whether everything runs."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Scale:
    """Sizes of every part; tenants where nothing else is said."""

    schemas: int = 500
    rounds: int = 5
    peer_rounds: int = 2
    """In how many of the rounds the other tools take part; they take far longer than both of us."""
    peer_most: int | None = None
    """Schemas that each of them is given at the most, below its own limit."""
    idle: int = 10_000
    idle_turns: int = 5
    newcomers: tuple[tuple[int, int], ...] = ((20, 25), (200, 15))
    """By number of migrations and of turns."""
    latency: int = 200
    """Events of each kind."""
    bulk: int = 1_000
    """Tenants of the run that goes on meanwhile."""
    slope: tuple[int, ...] = (100, 1_000)
    slope_rounds: int = 2
    along: tuple[int, int] = (40, 400)
    """Between which tenants of one run the processor time is compared."""
    watching: int = 60
    costs: tuple[tuple[int, int], ...] = ((1, 50), (1, 400), (8, 25))
    """Runs from which the costs of the model are taken, by databases and tenants in each."""
    durable: bool = True

    def with_large(self) -> Scale:
        """More tenants also with 5,000 and 10,000, which takes hours and some gigabytes."""
        return replace(self, slope=(*self.slope, 5_000, 10_000))

    def with_(self, **numbers: int | None) -> Scale:
        """Other numbers where they are given."""
        return replace(self, **{name: number for name, number in numbers.items() if number})


SMOKE = Scale(
    schemas=4,
    rounds=1,
    peer_rounds=1,
    peer_most=1,
    idle=12,
    idle_turns=1,
    newcomers=((20, 1),),
    latency=2,
    bulk=20,
    slope=(2, 4),
    slope_rounds=1,
    along=(2, 8),
    watching=2,
    costs=((1, 2), (1, 6), (2, 2)),
    durable=False,
)
"""Too little to read anything into the times."""
