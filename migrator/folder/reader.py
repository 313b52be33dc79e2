"""Reads a folder of Flyway-named files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from migrator.errors import DuplicateRepeatable, DuplicateVersion, FolderMissing, UnreadableFile
from migrator.folder.checksum import checksum
from migrator.folder.flyway import parse_name
from migrator.folder.statements import split_statements
from migrator.model.migration import Folder, Migration, MigrationKind
from migrator.model.version import Version


def read_folder(path: Path) -> Folder:
    """All migrations below a folder, in the order in which they are applied.

    Raises a FolderError that names the files when one is unreadable, misnamed or claims the place of another.
    """
    if not path.is_dir():
        raise FolderMissing(path=path)
    found = [migration for file in sorted(path.rglob("*.sql")) if (migration := _read(file)) is not None]
    return Folder(path, tuple(_versioned(found)), tuple(_repeatable(found)))


def _read(path: Path) -> Migration | None:
    name = parse_name(path)
    if name is None:
        return None
    sql = _text(path)
    return Migration(
        kind=name.kind,
        version=name.version,
        description=name.description,
        script=path.name,
        path=path,
        checksum=checksum(sql),
        sql=sql,
        statements=split_statements(sql, path),
    )


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise UnreadableFile(path=path, reason=f"byte {error.start} is not UTF-8") from error
    except OSError as error:
        raise UnreadableFile(path=path, reason=error.strerror) from error


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
