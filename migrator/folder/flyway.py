"""Flyway's file names: V1__what.sql, V1.2__what.sql, R__what.sql."""

import re
from dataclasses import dataclass
from pathlib import Path

from migrator.errors import BadVersion, UnnamedFile
from migrator.model.migration import MigrationKind
from migrator.model.version import Version

_NAME = re.compile(r"(?P<prefix>[VRUB])(?P<version>[^_].*?)?__(?P<description>.+)\.sql", re.DOTALL)


@dataclass(frozen=True, slots=True)
class FileName:
    """What a file's name says."""

    kind: MigrationKind
    version: Version | None
    description: str


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
        raise UnnamedFile(path=path, reason="baseline files are not supported yet")
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
