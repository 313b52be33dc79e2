"""A folder for each migration: ``2024-01-31-120000_what/up.sql``, ``down.sql`` and ``metadata.toml``; diesel."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path

from migrator.errors import DownWithoutUp, UnfitFile, UnreadableFile
from migrator.folder.draft import Draft, Way
from migrator.folder.names import NumberedName, parse_numbered
from migrator.folder.source import read_text

EXAMPLE = "2024-01-31-120000_what/up.sql with down.sql beside it"
_UP, _DOWN, _METADATA = "up.sql", "down.sql", "metadata.toml"


def claims(file: Path) -> bool:
    """Whether the name is one of this convention."""
    return _name(file) is not None


def drafts(files: Sequence[Path]) -> list[Draft]:
    """The migrations of these files."""
    named = {file: _checked(file) for file in files}
    for file in named:
        if file.name == _DOWN and file.with_name(_UP) not in named:
            raise DownWithoutUp(path=file, up=_UP)
    return [_draft(file, name) for file, name in named.items() if file.name == _UP]


def _name(file: Path) -> NumberedName | None:
    return parse_numbered(file.parent.name) if file.name in (_UP, _DOWN) else None


def _checked(file: Path) -> NumberedName:
    name = _name(file)
    if name is None:
        raise UnfitFile(path=file, example=EXAMPLE)
    return name


def _draft(up: Path, name: NumberedName) -> Draft:
    text, down = read_text(up), up.with_name(_DOWN)
    outside = not _runs_in_transaction(up.with_name(_METADATA))
    back = Way(down, read_text(down), outside) if down.exists() else None
    return Draft(name.version, name.description, Way(up, text, outside), text, back, script=up.parent.name)


def _runs_in_transaction(metadata: Path) -> bool:
    """What diesel's metadata says about both ways."""
    if not metadata.exists():
        return True
    try:
        said = tomllib.loads(read_text(metadata)).get("run_in_transaction", True)
    except tomllib.TOMLDecodeError as error:
        raise UnreadableFile(path=metadata, reason=str(error)) from error
    if not isinstance(said, bool):
        raise UnreadableFile(path=metadata, reason=f"run_in_transaction is {said!r}, neither true nor false")
    return said
