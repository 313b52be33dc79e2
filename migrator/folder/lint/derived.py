"""Which migrations have a way back that nobody wrote, because it follows for certain from the SQL of their folder."""

from __future__ import annotations

from collections.abc import Sequence

from migrator.folder.inverse import inverses_of
from migrator.folder.lint.tolerant import Subject
from migrator.model.migration import Migration, MigrationKind


class DerivedWaysBack:
    """Says of one migration after the other whether its inverse is certain; derived when it is first asked."""

    def __init__(self, subjects: Sequence[Subject]) -> None:
        self._migrations = [subject.migration for subject in subjects]
        self._certain: dict[str, bool] | None = None

    def __call__(self, migration: Migration) -> bool:
        """Whether the migration can be taken back without a script of its own."""
        if self._certain is None:
            self._certain = self._derived()
        return self._certain.get(str(migration.path), False)

    def _derived(self) -> dict[str, bool]:
        """As ``WaysBack`` does it for a folder that can be read as a whole."""
        complete = all(migration.kind is not MigrationKind.BASELINE for migration in self._migrations)
        ordered = [m for m in self._migrations if m.kind is MigrationKind.VERSIONED and m.version is not None]
        ordered.sort(key=lambda migration: migration.version.numbers if migration.version else ())
        found = inverses_of(ordered, complete=complete)
        return {str(m.path): inverse.is_certain for m, inverse in zip(ordered, found, strict=True)}
