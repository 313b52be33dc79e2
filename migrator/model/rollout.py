"""How a rollout is to go about its targets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from typing import Any

from migrator.model.share import Share
from migrator.model.target import Target


class Order(StrEnum):
    """Which targets of a wave come first."""

    NAME = "name"
    SMALLEST = "smallest"


class OnHalt(StrEnum):
    """What becomes of the changed targets when the failure budget is used up."""

    STAY = "stay"
    ROLLBACK = "rollback"


@dataclass(frozen=True)
class Rollout:
    """Every option with its default: one target first, all others behind it, and one in a hundred may fail."""

    canary: int = 1
    """Targets of each stage that go first, of which none may fail; 0 for none."""
    canary_tenants: tuple[str, ...] = ()
    """Tenants that go first instead, by id."""
    canary_labels: Mapping[str, str] = field(default_factory=dict)
    """Targets with these labels go first instead."""
    wave_size: str = "100%"
    """How many targets a wave has behind the canary: a number, or a per cent of the stage."""
    soak_seconds: float = 0.0
    """Between two waves."""
    max_failures: str = "1%"
    """How many targets may fail in all: a number, or a per cent of all."""
    max_wave_failures: str | None = None
    """The same for each wave by itself."""
    on_halt: OnHalt = OnHalt.STAY
    order: Order = Order.NAME
    first: tuple[str, ...] = ()
    """Schemas or tenants that come first in their wave."""
    last: tuple[str, ...] = ()
    """Schemas or tenants that come last of all."""
    lanes: int | None = None
    """How many lanes a database gets at the most; None for its budget."""
    statement_timeout: float | None = None
    """Seconds one statement may take; None for the database's own limit. A file's own directive wins."""
    snapshots: str = "never"
    """Whether a schema is stored before it is changed: never, unsafe (when there is no safe way back), always."""
    fingerprints: bool = True
    """Whether the catalog's fingerprint is recorded before and after, so that a rollback can be proved."""
    check: bool = False
    """Whether names that pending migrations would make are looked for in every target before the first wave; a target
    that has one of them is refused and not touched.
    """
    force: bool = False
    """Whether failure budget and preflight are overridden; never locks."""

    def as_options(self) -> dict[str, Any]:
        """As it is stored in the ledger: plain values, only what differs from the defaults."""
        default = asdict(Rollout())
        return {name: value for name, value in asdict(self).items() if value != default[name]}

    @staticmethod
    def read(options: Mapping[str, Any]) -> Rollout:
        """From what the ledger has; fields of a later release are left aside."""
        known = {each.name for each in fields(Rollout)}
        read: dict[str, Any] = {
            name: tuple(v) if isinstance(v, list) else v for name, v in options.items() if name in known
        }
        made = replace(Rollout(), **read)
        return replace(made, on_halt=OnHalt(made.on_halt), order=Order(made.order))

    def most_failures(self, total: int) -> int | None:
        """How many of so many targets may fail in all; None for any number."""
        return None if self.force else Share.read(self.max_failures).of(total)

    def most_wave_failures(self, total: int, *, is_canary: bool) -> int | None:
        """How many targets of a wave of that size may fail; None for any number."""
        if self.force:
            return None
        if is_canary:
            return 0
        return Share.read(self.max_wave_failures).of(total) if self.max_wave_failures else None

    def is_canary(self, target: Target) -> bool:
        """Whether a target was named as one that goes first."""
        labelled = bool(self.canary_labels) and self.canary_labels.items() <= dict(target.labels).items()
        return labelled or (target.tenant_id or target.schema_name) in self.canary_tenants

    @property
    def names_canary(self) -> bool:
        """Whether the canary is chosen by name or label and not by number."""
        return bool(self.canary_tenants or self.canary_labels)

    def rank(self, target: Target) -> int:
        """0 for a target that is to come first, 2 for one that is to come last, 1 for all others."""
        names = {target.schema_name, target.tenant_id}
        if names & set(self.first):
            return 0
        return 2 if names & set(self.last) else 1
