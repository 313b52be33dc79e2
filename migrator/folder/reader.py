"""Reads a folder of migrations, whatever the convention of its names."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from migrator.errors import DuplicateRepeatable, DuplicateVersion, FolderMissing
from migrator.folder.convention import convention_named, recognise
from migrator.folder.draft import finish
from migrator.model.migration import Folder, Migration, MigrationKind
from migrator.model.version import Version

_NO_MIGRATIONS = ("*.md", "*.rst", "*.txt", "*.pyc", "__init__.py", "LICENSE")


def read_folder(path: Path, convention: str | None = None) -> Folder:
    """All migrations below a folder, in the order in which they are applied.

    The convention is seen from the files, unless one of CONVENTIONS is named. Raises a FolderError that names
    the files when one is unreadable, misnamed or claims the place of another.
    """
    if not path.is_dir():
        raise FolderMissing(path=path)
    chosen = convention_named(convention) if convention else None
    files = _visible(path, "*.sql")
    if not files and (chosen or not (files := _others(path))):
        return Folder(path)
    chosen = chosen or recognise(path, files)
    found = [finish(draft) for draft in chosen.drafts(files)]
    return Folder(path, tuple(_versioned(found)), tuple(_repeatable(found)))


def _visible(path: Path, pattern: str) -> list[Path]:
    return sorted(file for file in path.rglob(pattern) if not _is_hidden(file.relative_to(path)))


def _others(path: Path) -> list[Path]:
    """What a folder without a .sql file has that may be migrations of a kind we cannot read."""
    files = (file for file in _visible(path, "*") if file.is_file())
    return [file for file in files if not any(map(file.match, _NO_MIGRATIONS))]


def _is_hidden(file: Path) -> bool:
    return any(part.startswith(".") for part in file.parts)


def _versioned(found: Iterable[Migration]) -> list[Migration]:
    by_version: dict[Version, Migration] = {}
    for migration in found:
        if migration.version is None:
            continue
        if (first := by_version.setdefault(migration.version, migration)) is not migration:
            raise DuplicateVersion(version=migration.version, first=first.path, second=migration.path)
    return [by_version[version] for version in sorted(by_version)]


def _repeatable(found: Iterable[Migration]) -> list[Migration]:
    by_description: dict[str, Migration] = {}
    for migration in found:
        if migration.kind is not MigrationKind.REPEATABLE:
            continue
        if (first := by_description.setdefault(migration.description, migration)) is not migration:
            raise DuplicateRepeatable(description=migration.description, first=first.path, second=migration.path)
    return [by_description[description] for description in sorted(by_description)]
