"""The way back of each migration of a folder: the written one, or one derived from its SQL."""

from __future__ import annotations

from migrator.folder.inverse import inverses_of
from migrator.folder.statements import split_statements
from migrator.model.folder import Folder
from migrator.model.inverse import Inverse
from migrator.model.migration import Migration
from migrator.model.way_back import Obstacle, Strategy, WayBack


class WaysBack:
    """Finds the way back of one migration after the other; what was derived once is kept."""

    def __init__(self, folder: Folder, strategy: Strategy = Strategy.AUTO) -> None:
        self.folder, self.strategy = folder, strategy
        self._derived: dict[bool, dict[str, Inverse]] = {}

    def __call__(self, migration: Migration, *, complete: bool = True) -> WayBack:
        """The migration that takes this one back, or everything that stands in the way.

        ``complete``: the schema began with the folder's first file. One that began with a baseline holds more than
        the files say, and nothing counts as absent there just because no file made it.
        """
        if self.strategy is not Strategy.INVERSE and (written := migration.written_undo):
            return written
        if self.strategy is Strategy.UNDO or migration.code is not None:
            return (Obstacle(migration.path, 1, "", _unwritten(migration)),)
        inverse = self._inverses(complete=complete).get(str(migration.path))
        if inverse is None:
            return (Obstacle(migration.path, 1, "", "stands for other files, which nothing takes back at once"),)
        if not inverse.is_certain:
            return inverse.obstacles
        return migration.derived_undo(inverse.sql, split_statements(inverse.sql, migration.path))

    def _inverses(self, *, complete: bool) -> dict[str, Inverse]:
        """Of every migration, in the order in which an empty schema gets them; one replay for all."""
        complete = complete and not self.folder.baselines
        if complete not in self._derived:
            ordered = self.folder.migrations
            found = inverses_of(ordered, complete=complete)
            self._derived[complete] = {str(m.path): inverse for m, inverse in zip(ordered, found, strict=True)}
        return self._derived[complete]


def _unwritten(migration: Migration) -> str:
    if migration.undo_is_empty and migration.undo_path:  # an Alembic downgrade of "pass", too
        return f"has a way back without a statement, {migration.undo_path.name}, which would undo nothing"
    return "is code without an undo of its own" if migration.code is not None else "has no undo script"
