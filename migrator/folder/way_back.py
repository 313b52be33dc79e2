"""The way back of each migration of a folder: the written one, or one derived from its SQL."""

from __future__ import annotations

from migrator.model.folder import Folder
from migrator.model.migration import Migration
from migrator.model.way_back import Obstacle, Strategy, WayBack


class WaysBack:
    """Finds the way back of one migration after the other; what was derived once is kept."""

    def __init__(self, folder: Folder, strategy: Strategy = Strategy.AUTO) -> None:
        self.folder, self.strategy = folder, strategy
        self._found: dict[str, WayBack] = {}

    def __call__(self, migration: Migration) -> WayBack:
        """The migration that takes this one back, or everything that stands in the way."""
        key = str(migration.path)
        if key not in self._found:
            self._found[key] = self._find(migration)
        return self._found[key]

    def _find(self, migration: Migration) -> WayBack:
        if self.strategy is not Strategy.INVERSE and (written := migration.written_undo):
            return written
        if self.strategy is Strategy.UNDO:
            return (Obstacle(migration.path, 1, "", _unwritten(migration)),)
        return self._derived(migration)

    def _derived(self, migration: Migration) -> WayBack:
        return (Obstacle(migration.path, 1, "", _unwritten(migration)),)


def _unwritten(migration: Migration) -> str:
    if migration.undo_is_empty and migration.undo_path:
        return f"has a way back without a statement, {migration.undo_path.name}, which would undo nothing"
    return "has no undo script"
