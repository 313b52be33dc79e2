"""One file for each migration and no way back: ``0001_what.sql``; sqlx without ``-r``, graphile-worker."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from migrator.errors import UnfitFile
from migrator.folder import pairs
from migrator.folder.dialect import bare_name, ours
from migrator.folder.draft import Draft, Way
from migrator.folder.names import NumberedName, parse_numbered
from migrator.folder.source import read_text

EXAMPLE = "0001_what.sql"


def claims(file: Path) -> bool:
    """Whether the name is one of this convention."""
    return name_of(file) is not None


def drafts(files: Sequence[Path]) -> list[Draft]:
    """The migrations of these files."""
    return [_draft(file) for file in ours(files)]


def name_of(file: Path) -> NumberedName | None:
    """What the name of a file says that is no half of a pair."""
    if file.suffix != ".sql" or pairs.claims(file):
        return None
    return parse_numbered(bare_name(file).removesuffix(".sql"))


def _draft(file: Path) -> Draft:
    name = name_of(file)
    if name is None:
        raise UnfitFile(path=file, example=EXAMPLE)
    text = read_text(file)
    return Draft(name.version, name.description, Way(file, text), text)
