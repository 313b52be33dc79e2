"""Two files for each migration: ``0001_what.up.sql`` and ``0001_what.down.sql``; golang-migrate, sqlx, Ory's pop."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from migrator.errors import DownWithoutUp, DuplicateVersion, UnfitFile
from migrator.folder.dialect import bare_name, ours
from migrator.folder.draft import Draft, Way
from migrator.folder.names import NumberedName, parse_numbered
from migrator.folder.source import read_text
from migrator.model.version import Version

EXAMPLE = "0001_what.up.sql with 0001_what.down.sql"
_UP, _DOWN = ".up.sql", ".down.sql"


@dataclass(frozen=True, slots=True)
class _Half:
    path: Path
    name: NumberedName
    is_up: bool


def claims(file: Path) -> bool:
    """Whether the name is one of this convention."""
    return _half(file) is not None


def drafts(files: Sequence[Path]) -> list[Draft]:
    """The migrations of these files. Up and down belong together by their version alone, whatever their names.

    A version that other database systems have and PostgreSQL has not is none of ours, nor is its way back.
    """
    halves = [_checked(file) for file in ours(files)]
    ups = _by_version(half for half in halves if half.is_up)
    downs = _by_version(half for half in halves if not half.is_up)
    foreign = {half.name.version for file in files if (half := _half(file)) and half.is_up}
    for version, down in downs.items():
        if version not in foreign:
            raise DownWithoutUp(path=down.path, up=f"{down.path.name.removesuffix(_DOWN)}{_UP}")
    return [_draft(up, downs.get(version)) for version, up in ups.items()]


def _half(file: Path) -> _Half | None:
    bare = bare_name(file)
    for suffix in (_UP, _DOWN):
        if bare.endswith(suffix) and (name := parse_numbered(bare.removesuffix(suffix))):
            return _Half(file, name, suffix == _UP)
    return None


def _checked(file: Path) -> _Half:
    half = _half(file)
    if half is None:
        raise UnfitFile(path=file, example=EXAMPLE)
    return half


def _by_version(halves: Iterable[_Half]) -> dict[Version, _Half]:
    found: dict[Version, _Half] = {}
    for half in halves:
        version = half.name.version
        if (first := found.setdefault(version, half)) is not half:
            raise DuplicateVersion(version=version, first=first.path, second=half.path)
    return found


def _draft(up: _Half, down: _Half | None) -> Draft:
    text = read_text(up.path)
    back = Way(down.path, read_text(down.path)) if down else None
    return Draft(up.name.version, up.name.description, Way(up.path, text), text, back)
