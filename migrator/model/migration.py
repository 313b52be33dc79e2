"""A migration, and the folder that holds them in order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from migrator.model.version import Version


class MigrationKind(StrEnum):
    """How a migration is applied: once, or again whenever its text changes."""

    VERSIONED = "versioned"
    REPEATABLE = "repeatable"


@dataclass(frozen=True, slots=True)
class Statement:
    """One SQL statement of a migration file."""

    text: str
    line: int
    """Where it starts in its file, 1 for the first line."""
    start: int = 0
    """Where it starts in its file, in characters."""
    transactional: bool = True
    """False for what PostgreSQL refuses inside a transaction block."""


@dataclass(frozen=True)
class Migration:
    """One step in a folder, read and analysed once however many schemas it is applied to."""

    kind: MigrationKind
    version: Version | None
    description: str
    script: str
    """File name, as it stands in history."""
    path: Path
    checksum: int
    """Flyway's: CRC32 over the lines, signed 32 bits."""
    sql: str
    statements: tuple[Statement, ...]

    @property
    def transactional(self) -> bool:
        """Whether the whole file can run inside one transaction."""
        return all(statement.transactional for statement in self.statements)

    def __str__(self) -> str:
        return self.script


@dataclass(frozen=True)
class Folder:
    """A migration folder at one moment: versioned migrations in order, then the repeatable ones by description."""

    path: Path
    versioned: tuple[Migration, ...] = ()
    repeatable: tuple[Migration, ...] = ()

    @property
    def migrations(self) -> tuple[Migration, ...]:
        """In the order in which an empty schema receives them."""
        return self.versioned + self.repeatable

    @property
    def latest(self) -> Version | None:
        """The highest version, None for a folder without versioned migrations."""
        return self.versioned[-1].version if self.versioned else None

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
        for migration in self.versioned:
            head.update(_trace(migration))
            digests[migration.version] = _finish(head.copy(), tail)
        return digests

    def digest_at(self, version: Version | None) -> str | None:
        """Names the folder's state up to and including a version; None when the folder has no such version."""
        return self._digests.get(version)

    def find(self, version: Version) -> Migration | None:
        """The versioned migration of that version."""
        return next((m for m in self.versioned if m.version == version), None)

    def by_description(self) -> dict[str, Migration]:
        """The repeatable migrations, keyed as history keys them."""
        return {m.description: m for m in self.repeatable}


def _trace(migration: Migration) -> bytes:
    key = migration.version.numbers if migration.version else migration.description
    return f"{key}={migration.checksum}\n".encode()


def _finish(head: hashlib._Hash, tail: bytes) -> str:
    head.update(tail)
    return head.hexdigest()[:16]


def scripts(migrations: Iterable[Migration]) -> tuple[str, ...]:
    """File names, for messages and reports."""
    return tuple(migration.script for migration in migrations)
