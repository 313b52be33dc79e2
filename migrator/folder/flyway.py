"""Flyway's files: ``V1__what.sql``, ``R__what.sql``, ``U1__what.sql`` undoes V1, ``B5__what.sql`` is V1 to V5."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from migrator.errors import BadVersion, DownWithoutUp, DuplicateVersion, UnnamedFile
from migrator.folder.draft import Draft, Way
from migrator.folder.source import read_text
from migrator.model.migration import MigrationKind
from migrator.model.version import Version

EXAMPLE = "V1__what.sql, with U1__what.sql to undo it, R__what.sql and B1__what.sql"
_NAME = re.compile(r"(?P<prefix>[VRUB])(?P<version>[^_].*?)?__(?P<description>.+)\.sql", re.DOTALL)


@dataclass(frozen=True, slots=True)
class FileName:
    """What a file's name says."""

    kind: MigrationKind
    version: Version | None
    description: str


def claims(file: Path) -> bool:
    """Whether the name is one of this convention."""
    return _NAME.fullmatch(file.name) is not None


def drafts(files: Sequence[Path]) -> list[Draft]:
    """The migrations of these files."""
    named = {file: name for file in files if (name := parse_name(file))}
    undos = _undos([file for file in files if file not in named])
    versions = {name.version for name in named.values() if name.kind is MigrationKind.VERSIONED}
    for version, file in undos.items():
        if version not in versions:
            raise DownWithoutUp(path=file, up=f"V{file.name[1:]}")
    return [
        _draft(file, name, undos.get(name.version) if name.kind is MigrationKind.VERSIONED else None)
        for file, name in named.items()
    ]


def _undos(files: Sequence[Path]) -> dict[Version | None, Path]:
    found: dict[Version | None, Path] = {}
    for file in files:
        version = parse_undo(file)
        if (first := found.setdefault(version, file)) is not file:
            raise DuplicateVersion(version=version, first=first, second=file)
    return found


def _draft(file: Path, name: FileName, undo: Path | None) -> Draft:
    text = read_text(file)
    back = Way(undo, read_text(undo)) if undo else None
    return Draft(name.version, name.description, Way(file, text), text, back, kind=name.kind)


def parse_undo(path: Path) -> Version:
    """Which version an undo script takes back."""
    match = _NAME.fullmatch(path.name)
    return _version(path, match["version"] if match else None)


def parse_name(path: Path) -> FileName | None:
    """What the name of a .sql file says; None for an undo script, which is no migration of its own."""
    match = _NAME.fullmatch(path.name)
    if match is None:
        raise UnnamedFile(path=path, reason="its name does not follow the convention")
    prefix, version = match["prefix"], match["version"]
    description = match["description"].replace("_", " ")
    if prefix == "U":
        return None
    if prefix == "B":
        return FileName(MigrationKind.BASELINE, _version(path, version), description)
    if prefix == "R":
        return _repeatable(path, version, description)
    return FileName(MigrationKind.VERSIONED, _version(path, version), description)


def _repeatable(path: Path, version: str | None, description: str) -> FileName:
    if version:
        raise UnnamedFile(path=path, reason="a repeatable migration has no version")
    return FileName(MigrationKind.REPEATABLE, None, description)


def _version(path: Path, text: str | None) -> Version:
    if not text:
        raise UnnamedFile(path=path, reason="it has no version")
    try:
        return Version(text)
    except BadVersion as error:
        raise UnnamedFile(path=path, reason=str(error)) from error
