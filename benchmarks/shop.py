"""The work that every lane does: the example shop's migrations, over a fleet of schemas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from migrator.folder import read_folder
from migrator.model.migration import Migration

ROOT = Path(__file__).resolve().parents[1]
MIGRATIONS = ROOT / "examples" / "shop" / "migrations"
NEXT = ROOT / "examples" / "shop" / "next"


class Work(StrEnum):
    """What is measured, in the order in which one fleet goes through it."""

    HISTORY = "a"
    INCREMENT = "b"
    NOTHING = "c"
    ROLLBACK = "f"

    @property
    def steps(self) -> tuple[Migration, ...]:
        """What it applies to each schema, which has been through the works before it."""
        return _STEPS.get(self, ())

    @property
    def named(self) -> str:
        """For the table's rows."""
        return f"({self.value}) {_TITLES[self]}"

    @property
    def witness(self) -> str:
        """The relation that a schema has once it is through; after the rollback one that it has no more."""
        return "order_summary" if self is Work.HISTORY else "orders_gifts"

    def witnesses(self, schemas: int) -> int:
        """How many of so many schemas have the witness when all are through."""
        return 0 if self is Work.ROLLBACK else schemas


@dataclass(frozen=True)
class Fleet:
    """A database, and the schemas that it has or will have."""

    database: str
    schemas: tuple[str, ...]


FORWARD = (Work.HISTORY, Work.INCREMENT, Work.NOTHING)
UNDO = "DROP INDEX orders_gifts; ALTER TABLE orders DROP CONSTRAINT orders_gift_message_fits, DROP COLUMN gift_message;"
"""The increment taken back, as somebody who knows it would write it."""


class Lane(Protocol):
    """A way to bring a whole fleet to where a work ends."""

    name: str
    works: tuple[Work, ...]
    """What it can do; the others are left out for it."""
    most: int | None
    """How many schemas it is given at the most, for one that would take hours; None for all."""

    def prepare(self, fleet: Fleet) -> None:
        """What is done once per fleet and not measured; its database is there, and empty."""

    def run(self, work: Work, fleet: Fleet) -> None:
        """Do the work. Returns when every schema has it, raises when one has not."""


class WorkDiffers(Exception):
    """A lane did not do what the others did, or not everywhere: its times mean nothing."""


def schema_names(count: int, prefix: str = "shop") -> tuple[str, ...]:
    """As many names."""
    return tuple(f"{prefix}_{number:05}" for number in range(1, count + 1))


def scripts(steps: Sequence[Migration]) -> list[str]:
    """Their file names."""
    return [step.script for step in steps]


_STEPS = {
    Work.HISTORY: read_folder(MIGRATIONS / "tenant").migrations,
    Work.INCREMENT: read_folder(NEXT).migrations,
}
_TITLES = {
    Work.HISTORY: "the whole history",
    Work.INCREMENT: "one increment",
    Work.NOTHING: "nothing to do",
    Work.ROLLBACK: "rollback of (b)",
}
