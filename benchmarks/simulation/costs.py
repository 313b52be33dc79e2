"""What a rollout costs whom, as a sum of three parts: the request, each database, each tenant. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Cost:
    """Of one thing; the unit is that of the thing."""

    execution: float = 0.0
    database: float = 0.0
    tenant: float = 0.0

    def of(self, databases: float, tenants: float) -> float:
        """For a rollout to so many."""
        return self.execution + self.database * databases + self.tenant * tenants


@dataclass(frozen=True)
class Costs:
    """One increment, as ``python -m benchmarks --only costs`` measures it."""

    lane: Cost
    """Seconds that one lane takes with nobody beside it."""
    planning: Cost
    """Seconds from the event to its execution, in one process."""
    target_cpu: Cost
    """Processor seconds of the target databases' server."""
    control_cpu: Cost
    """Processor seconds of the control database's server."""
    worker_cpu: Cost
    """Processor seconds of the workers."""
    broker_cpu: Cost
    """Processor seconds of broker and result backend."""
    commits: Cost
    """Transactions of the control database."""
    rows: Cost
    """Rows that these write."""
    messages: Cost
    """Tasks published."""
    traffic: Cost
    """Bytes to and from broker and result backend."""
    publishing: float
    """Seconds for one more message of a wave, in one process."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Where and when it was measured."""

    def as_document(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @staticmethod
    def read(document: Mapping[str, Any]) -> Costs:
        """From what ``as_document`` made."""
        parts = {thing: Cost(**document[thing]) for thing in THINGS}
        return Costs(**parts, publishing=document["publishing"], facts=document["facts"])


THINGS = tuple(each.name for each in fields(Costs) if each.name not in ("publishing", "facts"))
MEASURED = Path(__file__).with_name("costs.json")
"""A run of ours, for those who only want to change the fleet."""


def measured_costs(file: Path = MEASURED) -> Costs:
    """Those of a file."""
    return Costs.read(json.loads(file.read_text()))


@dataclass(frozen=True)
class Run:
    """One rollout that was measured: its size, and what it took of each thing."""

    databases: int
    tenants: int
    took: Mapping[str, float]


def fitted(runs: Sequence[Run], thing: str) -> Cost:
    """The three parts that explain the runs best, none of them below nothing.

    Least squares over the parts; one that comes out negative is noise, so it is left out and the others fitted again.
    """
    parts = ("execution", "database", "tenant")
    rows = [(1.0, float(run.databases), float(run.tenants)) for run in runs]
    used = [n for n in range(3) if n == 0 or len({row[n] for row in rows}) > 1]
    while used:
        found = _least_squares([[row[n] for n in used] for row in rows], [run.took[thing] for run in runs])
        if min(found) >= 0:
            return Cost(**{parts[n]: value for n, value in zip(used, found, strict=True)})
        used.remove(used[found.index(min(found))])
    return Cost()


def _least_squares(rows: Sequence[Sequence[float]], values: Sequence[float]) -> list[float]:
    """By the normal equations, which are three at the most."""
    size = len(rows[0])
    matrix = [
        [sum(row[a] * row[b] for row in rows) for b in range(size)]
        + [sum(row[a] * value for row, value in zip(rows, values, strict=True))]
        for a in range(size)
    ]
    for pivot in range(size):
        best = max(range(pivot, size), key=lambda r: abs(matrix[r][pivot]))
        matrix[pivot], matrix[best] = matrix[best], matrix[pivot]
        for other in range(size):
            if other != pivot:
                factor = matrix[other][pivot] / matrix[pivot][pivot]
                matrix[other] = [x - factor * y for x, y in zip(matrix[other], matrix[pivot], strict=True)]
    return [matrix[n][size] / matrix[n][n] for n in range(size)]
