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
    builds: str | None = None
    """The name of the index that it builds concurrently."""
    adds_value: bool = False
    """Whether it adds a value to an enum, which may not be used before it is committed."""


@dataclass(frozen=True, slots=True)
class Directives:
    """What a migration's comment header asks for; None where it does not say."""

    transactional: bool | None = None
    timeout: float | None = None
    """Seconds that one statement may take."""
    depends: tuple[tuple[str, Version], ...] = ()
    """Scopes, each with the version that it must have reached before."""
    destructive: bool | None = None


@dataclass(frozen=True)
class Migration:
    """One step in a folder, read and analysed once however many schemas it is applied to."""

    kind: MigrationKind
    version: Version | None
    description: str
    script: str
    """The name as it stands in history: the file's, or that of a migration's own folder."""
    path: Path
    checksum: int
    """Flyway's: CRC32 over the lines, signed 32 bits."""
    sql: str
    """The way forward, on the lines of its file; what else the file holds is blanked out."""
    statements: tuple[Statement, ...]
    undo: str | None = None
    """The way back, on the lines of its file; None when there is none, or only an empty one."""
    undo_path: Path | None = None
    undo_is_empty: bool = False
    """There is a script for the way back and it has no statement: it would undo nothing."""
    directives: Directives = Directives()
    undo_directives: Directives = Directives()
    marked_outside: bool = False
    """The folder's own tool was told to run it outside a transaction."""
    undo_marked_outside: bool = False

    @property
    def transactional(self) -> bool:
        """Whether the whole file is to run inside one transaction.

        The directive wins over the mark of another tool, but not over what PostgreSQL refuses.
        """
        possible = all(statement.transactional for statement in self.statements)
        return possible and _is_wanted(self.directives, self.marked_outside)

    @property
    def undo_wants_transaction(self) -> bool:
        """Whether marks and directives leave the way back in a transaction; its statements are not looked at."""
        return _is_wanted(self.undo_directives, self.undo_marked_outside)

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


def _is_wanted(directives: Directives, marked_outside: bool) -> bool:
    return directives.transactional if directives.transactional is not None else not marked_outside


def _trace(migration: Migration) -> bytes:
    key = migration.version.numbers if migration.version else migration.description
    return f"{key}={migration.checksum}\n".encode()


def _finish(head: hashlib._Hash, tail: bytes) -> str:
    head.update(tail)
    return head.hexdigest()[:16]


def scripts(migrations: Iterable[Migration]) -> tuple[str, ...]:
    """File names, for messages and reports."""
    return tuple(migration.script for migration in migrations)
