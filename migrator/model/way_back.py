"""How a migration is taken back."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from migrator.model.migration import Migration


class Strategy(StrEnum):
    """Which ways back may be taken: the written one, one derived from the SQL, or the first that there is."""

    AUTO = "auto"
    UNDO = "undo"
    INVERSE = "inverse"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a migration, or one of its statements, cannot be taken back."""

    path: Path
    line: int
    statement: str
    """Empty where it is the whole file."""
    reason: str

    def __str__(self) -> str:
        said = f"{self.path.name}:{self.line} {self.reason}"
        return f"{said}: {' '.join(self.statement.split())[:200]}" if self.statement else said


WayBack = Migration | tuple[Obstacle, ...]
"""The migration that takes another one back, or what stands in the way."""


class WayBackOf(Protocol):
    """Finds the way back of a migration."""

    def __call__(self, migration: Migration, *, complete: bool = True) -> WayBack:
        """``complete``: the schema began with the folder's first file, so what no file made was not there."""
