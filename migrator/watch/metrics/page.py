"""Samples put into families as the catalogue has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from migrator.watch.metrics.catalogue import BY_NAME, Kind

_FAMILIES = {
    Kind.GAUGE: GaugeMetricFamily,
    Kind.COUNTER: CounterMetricFamily,
    Kind.HISTOGRAM: HistogramMetricFamily,
}


class Samples:
    """What was read; a name or a label that the catalogue does not have is a mistake of ours and raises."""

    def __init__(self) -> None:
        self._families: dict[str, Metric] = {}

    def add(self, name: str, value: float, **labels: str) -> None:
        """One sample of a gauge or counter."""
        self._family(name).add_metric(self._values(name, labels), float(value))  # type: ignore[attr-defined]

    def add_histogram(
        self, name: str, bounds: Sequence[float], buckets: Sequence[int], total: float, **labels: str
    ) -> None:
        """One histogram: how many were within each bound and not within the one before, and the sum of all."""
        ends = [*(f"{bound:g}" for bound in bounds), "+Inf"]
        reached = list(zip(ends, map(float, accumulate(buckets)), strict=True))
        family = self._family(name)
        family.add_metric(self._values(name, labels), buckets=reached, sum_value=float(total))  # type: ignore[attr-defined]

    def __iter__(self) -> Iterator[Metric]:
        return iter(self._families.values())

    def _family(self, name: str) -> Metric:
        metric = BY_NAME[name]
        if name not in self._families:
            self._families[name] = _FAMILIES[metric.kind](name, metric.says, labels=metric.labels)
        return self._families[name]

    @staticmethod
    def _values(name: str, labels: dict[str, str]) -> list[str]:
        wanted = BY_NAME[name].labels
        if set(labels) != set(wanted):
            raise ValueError(f"{name} has the labels {wanted}, not {tuple(labels)}")
        return [str(labels[label]) for label in wanted]
