"""The migrations of one folder, in order, and the digests that name the folder's state."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from migrator.model.migration import Migration, MigrationKind
from migrator.model.version import Version


@dataclass(frozen=True)
class Folder:
    """A migration folder at one moment: versioned migrations in order, then the repeatable ones by description."""

    path: Path
    versioned: tuple[Migration, ...] = ()
    repeatable: tuple[Migration, ...] = ()
    baselines: tuple[Migration, ...] = ()
    """Each stands for all versions up to its own; an empty schema gets the newest of them first."""
    out_of_order: bool = False
    """Whether a migration below the newest applied one is applied late instead of refused."""
    also: tuple[Path, ...] = ()
    """More folders that some of the migrations come from."""
    version_table: str | None = None
    """The table inside each schema in which the folder's own tool, Alembic, keeps what is applied."""

    @property
    def roots(self) -> tuple[Path, ...]:
        """Every folder that was read."""
        return (self.path, *self.also)

    @property
    def migrations(self) -> tuple[Migration, ...]:
        """In the order in which an empty schema receives them."""
        return self.versioned + self.repeatable

    @property
    def latest(self) -> Version | None:
        """The highest version, None for a folder without versioned migrations."""
        return self.versioned[-1].version if self.versioned else None

    @property
    def newest(self) -> Version | None:
        """The highest version that a schema can reach: as ``latest``, or that of a baseline migration above it."""
        found = [m.version for m in (*self.versioned[-1:], *self.baselines[-1:]) if m.version]
        return max(found, default=None)

    @cached_property
    def digest(self) -> str:
        """Names the whole folder's state: equal digests, equal work."""
        return self._digests[self.latest]

    @cached_property
    def _digests(self) -> dict[Version | None, str]:
        """The digest of every prefix, in one pass."""
        tail = b"".join(_trace(m) for m in self.repeatable)
        head = hashlib.sha256()
        digests: dict[Version | None, str] = {None: _finish(hashlib.sha256(), tail)}
        for migration in sorted([*self.baselines, *self.versioned], key=_place):
            if migration.kind is MigrationKind.VERSIONED:
                head.update(_trace(migration))
            digests[migration.version] = _finish(head.copy(), tail)
        return digests

    def digest_at(self, version: Version | None) -> str | None:
        """Names the folder's state up to and including a version; None when the folder has no such version.

        A baseline migration changes no schema that has got as far by other ways, so its text does not count.
        """
        return self._digests.get(version)

    def version_named(self, name: str) -> Version:
        """The version that somebody means by its number, or by what the migration's own tool calls it."""
        found = next((m.version for m in self.versioned if m.author_version == name), None)
        return found or Version(name)

    def find(self, version: Version) -> Migration | None:
        """The versioned migration of that version."""
        return next((m for m in self.versioned if m.version == version), None)

    def by_description(self) -> dict[str, Migration]:
        """The repeatable migrations, keyed as history keys them."""
        return {m.history_description: m for m in self.repeatable}


def _place(migration: Migration) -> tuple[int, ...]:
    """Baselines stand for what is below them and at their own version, so an equal version comes behind them."""
    return migration.version.numbers if migration.version else ()


def _trace(migration: Migration) -> bytes:
    key = migration.version.numbers if migration.version else migration.description
    return f"{key}={migration.checksum}\n".encode()


def _finish(head: hashlib._Hash, tail: bytes) -> str:
    head.update(tail)
    return head.hexdigest()[:16]
