"""The naming conventions, and which of them a folder follows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from migrator.errors import MixedConventions, UnknownConvention, UnrecognisedFolder
from migrator.folder import flyway, numbered, pairs, per_folder, sectioned
from migrator.folder.alembic.directory import is_script_directory
from migrator.folder.alembic.reading import read_revisions
from migrator.folder.draft import Draft
from migrator.folder.options import Options
from migrator.model.migration import Migration


@dataclass(frozen=True, slots=True)
class Convention:
    """How the files of a folder are named."""

    name: str
    example: str
    claims: Callable[[Path], bool]
    """Whether a file's name alone follows it."""
    drafts: Callable[[Sequence[Path]], list[Draft]]
    reads: Callable[[Path, Options], list[Migration]] | None = None
    """How its folders are read, where that is not done file by file."""


_FLYWAY = Convention("flyway", flyway.EXAMPLE, flyway.claims, flyway.drafts)
_PAIRS = Convention("pairs", pairs.EXAMPLE, pairs.claims, pairs.drafts)
_PER_FOLDER = Convention("per-folder", per_folder.EXAMPLE, per_folder.claims, per_folder.drafts)
_NUMBERED = Convention("numbered", numbered.EXAMPLE, numbered.claims, numbered.drafts)
_SECTIONED = Convention("sectioned", sectioned.EXAMPLE, numbered.claims, sectioned.drafts)

_ALEMBIC = Convention(
    "alembic", "env.py beside versions/, or alembic.ini", lambda _: False, lambda _: [], read_revisions
)

CONVENTIONS = {each.name: each for each in (_FLYWAY, _PAIRS, _PER_FOLDER, _SECTIONED, _NUMBERED, _ALEMBIC)}
_BY_NAME = (_FLYWAY, _PAIRS, _PER_FOLDER, _NUMBERED)
_SHOWN = 3


def convention_named(name: str) -> Convention:
    """The convention that somebody asked for."""
    if name not in CONVENTIONS:
        similar = get_close_matches(name, CONVENTIONS, 1)
        hint = f", did you mean {similar[0]}?" if similar else ""
        raise UnknownConvention(name=name, hint=hint, known=", ".join(CONVENTIONS))
    return CONVENTIONS[name]


def convention_of_whole(path: Path, name: str | None) -> Convention | None:
    """The convention of a folder that is not read file by file, seen from it or named; None for any other folder."""
    if name:
        return convention_named(name) if convention_named(name).reads else None
    return _ALEMBIC if is_script_directory(path) else None


def recognise(path: Path, files: Sequence[Path]) -> Convention:
    """The one convention that a folder's files follow.

    Files that follow none are left to the convention's reader, which refuses them. Whether numbered files have
    sections is seen in them, and one that has sections speaks for all.
    """
    found = {convention: [file for file in files if convention.claims(file)] for convention in _BY_NAME}
    claimed = {convention: own for convention, own in found.items() if own}
    if not claimed:
        known = "; ".join(f"{each.name}: {each.example}" for each in CONVENTIONS.values())
        raise UnrecognisedFolder(path=path, found=_shown(path, files), known=known)
    if any(sectioned.is_sectioned(file) for file in claimed.get(_NUMBERED, ())):
        claimed[_SECTIONED] = claimed.pop(_NUMBERED)
    if len(claimed) > 1:
        parts = "; ".join(f"{each.name}: {_shown(path, own)}" for each, own in claimed.items())
        raise MixedConventions(path=path, parts=parts)
    (convention,) = claimed
    return convention


def _shown(path: Path, files: Sequence[Path]) -> str:
    names = ", ".join(str(file.relative_to(path)) for file in files[:_SHOWN])
    return f"{names} and {len(files) - _SHOWN} more" if len(files) > _SHOWN else names
