"""What takes a migration back when nobody wrote it down."""

from __future__ import annotations

from dataclasses import dataclass

from migrator.model.way_back import Obstacle


@dataclass(frozen=True, slots=True)
class Inverse:
    """The statements that take a migration back, or why that is not certain."""

    sql: str = ""
    """In the order in which they run, each ended by a semicolon and a line end. Empty when there is nothing to
    take back, and when it is not certain."""
    obstacles: tuple[Obstacle, ...] = ()
    """Statements that cannot be taken back for certain, with the reason."""
    notes: tuple[str, ...] = ()
    """What its reader should know: what goes with a thing that was added, what stays."""

    @property
    def is_certain(self) -> bool:
        """Whether every statement can be taken back."""
        return not self.obstacles
