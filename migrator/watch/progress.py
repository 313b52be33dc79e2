"""How far an execution is. Pure numbers from the ledger, and the sentence made of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Progress:
    """``rate`` is targets a second; ``eta_seconds`` is None while there is no basis for it."""

    execution: str
    step: str
    wave: int
    waves: int
    total: int
    done: int
    failed: int
    skipped: int
    running: int
    rate: float
    eta_seconds: float | None
    current: str | None
    """The target that was last finished, as database/schema."""
    started_at: str

    def as_meta(self) -> dict[str, Any]:
        """As it goes into a task's state and into JSON."""
        return asdict(self)

    def sentence(self) -> str:
        """412/1000 schemas, 3 failed, ETA 40s"""
        parts = [f"{self.done + self.failed}/{self.total} schemas"]
        if self.failed:
            parts.append(f"{self.failed} failed")
        if self.eta_seconds is not None and self.done + self.failed < self.total:
            parts.append(f"ETA {spoken_seconds(self.eta_seconds)}")
        return ", ".join(parts)


def rate_and_eta(ended: int, total: int, seconds: float) -> tuple[float, float | None]:
    """Targets a second since the beginning, and the seconds that the rest takes at that rate."""
    rate = ended / seconds if seconds > 0 else 0.0
    return round(rate, 2), round((total - ended) / rate, 1) if rate else None


def spoken_seconds(seconds: float) -> str:
    """A duration a person reads at a glance: 0.21s, 40s, 3m 20s, 2h 5m."""
    if seconds < 10:
        return f"{seconds:.2f}".rstrip("0").rstrip(".") + "s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m {whole % 60}s"
    return f"{whole // 3600}h {whole % 3600 // 60}m"
