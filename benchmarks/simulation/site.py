"""The fleet and the machines of which the model speaks; every number is an assumption that a caller may change."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Site:
    """A million tenants; machines as one rents them."""

    tenants: int = 1_000_000
    databases: int = 2_000
    largest: float = 4.0
    """How many times the average the largest database has; the others fall off evenly to the smallest."""
    databases_per_server: int = 20
    cores_per_server: int = 8
    lanes: int = 4
    """Lanes of each database, the default of the setting."""
    lane_slice: float = 3.0
    """Seconds after which a lane sends itself again, the default of the setting."""
    waves: int = 10
    """Behind the canary; one tenth of the fleet each."""
    workers: int = 400
    """Processes that work on lanes."""
    workers_per_host: int = 50
    cores_per_host: int = 16
    control_cores: int = 16
    control_commits: float = 5_000.0
    """Transactions a second that the control database's disk can make durable."""
    control_pieces: int = 1
    """Control databases, each with its own part of the fleet and its own broker."""

    @property
    def servers(self) -> float:
        """Servers of target databases."""
        return self.databases / self.databases_per_server

    @property
    def hosts(self) -> float:
        """Hosts of workers."""
        return self.workers / self.workers_per_host

    @property
    def sizes(self) -> list[int]:
        """Tenants of each database, the largest first: an even slope whose sum is the fleet."""
        average = self.tenants / self.databases
        top = min(self.largest, 2.0) if self.databases == 1 else self.largest
        if self.databases == 1 or top <= 1:
            return _rounded([average] * self.databases, self.tenants)
        power = top - 1  # sizes fall like (1 - x) ** power, whose mean is the top divided by power + 1
        shape = [(1 - (n + 0.5) / self.databases) ** power for n in range(self.databases)]
        return _rounded([self.tenants * part / sum(shape) for part in shape], self.tenants)


def _rounded(sizes: list[float], total: int) -> list[int]:
    """Whole numbers with the same sum: each takes what the ones before it lost by rounding."""
    made, so_far, taken = [], 0.0, 0
    for size in sizes:
        so_far += size
        made.append(round(so_far) - taken)
        taken += made[-1]
    made[0] += total - taken
    return made
