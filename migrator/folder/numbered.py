"""One file for each migration and no way back: ``0001_what.sql``; sqlx without ``-r``, graphile-worker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from migrator.errors import UnfitFile
from migrator.folder import pairs
from migrator.folder.dialect import bare_name, ours
from migrator.folder.draft import Draft, Way
from migrator.folder.names import NumberedName, parse_numbered
from migrator.folder.source import read_text
from migrator.model.version import Version

EXAMPLE = "0001_what.sql"


def claims(file: Path) -> bool:
    """Whether the name is one of this convention."""
    return name_of(file) is not None


def drafts(files: Sequence[Path]) -> list[Draft]:
    """The migrations of these files."""
    return distinct([_draft(file) for file in ours(files)])


def distinct(drafts: Sequence[Draft]) -> list[Draft]:
    """Drafts of a tool that knows its migrations by their whole names, so that two may have one number.

    Of these the first by name keeps the number. The others get what follows it made of their names, which keeps
    them in order and, unlike counting, gives a migration the same version whatever is added beside it.
    """
    taken: set[Version] = set()
    found = []
    for draft in sorted(drafts, key=lambda draft: draft.script or draft.forward.path.name):
        version = draft.version
        if version is not None and version in taken:
            tail = int.from_bytes(draft.description.encode()[:8].ljust(8, b"\0"))
            version = Version(f"{version}.{tail}")
        taken |= {version} if version else set()
        found.append(replace(draft, version=version))
    return found


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
