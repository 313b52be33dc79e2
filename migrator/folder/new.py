"""The files of the next migration, named and laid out as the others of their folder."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from migrator.errors import NoNextFile
from migrator.folder import flyway, numbered, pairs, per_folder, sectioned
from migrator.folder.code import named_as_steps
from migrator.folder.convention import convention_named, recognise
from migrator.folder.dialect import own_tag
from migrator.folder.manifest import PLAN
from migrator.folder.names import parse_numbered, spelt_number
from migrator.folder.numbering import next_number
from migrator.folder.options import FILE, read_options
from migrator.folder.reader import visible_files
from migrator.folder.source import read_text
from migrator.model.version import Version

_FIRST = {"flyway": "1", "pairs": "0001", "numbered": "0001"}
_FIRST_MOMENT = {"per-folder": "%Y-%m-%d-%H%M%S", "sectioned": "%Y%m%d%H%M%S"}
_MARKERS = {
    "dbmate": ("-- migrate:up", "-- migrate:down"),
    "goose": ("-- +goose Up", "-- +goose Down"),
    "migrate": ("-- +migrate Up", "-- +migrate Down"),
    "node": ("-- Up Migration", "-- Down Migration"),
}
_MOST_BYTES = 200
"""A description's place in history."""
_FORWARD = """\
-- {description}
--
-- Directives stand in this header, behind two dashes and "migrator:", several with commas between them:
--   timeout=10min          how long one statement may take, where that is longer than usual
--   transactional=false    outside of a transaction; what PostgreSQL refuses inside of one runs alone anyway
--   depends=regional:12    not before another scope has reached a version
--   destructive=true       it destroys what cannot be had back, though its text does not show it
--   ignore=no-way-back     a rule of lint that is not to be heard of
"""
_BACK = """\
-- Takes back: {description}
--
-- As long as there is no statement here, this is no way back.
"""


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that is to be written."""

    path: Path
    text: str


def next_files(path: Path, description: str, now: datetime, convention: str | None = None) -> tuple[NewFile, ...]:
    """What the next migration of a folder consists of; nothing is written. A folder that is not there is empty.

    Raises NoNextFile where a file's name does not make it a migration, and a FolderError where the folder cannot
    be read.
    """
    _check(path)
    files = visible_files(path, "*.sql") if path.is_dir() else []
    convention = convention or (read_options(path).convention if path.is_dir() else None)
    chosen = convention_named(convention).name if convention else recognise(path, files).name if files else "flyway"
    name = _file_name(path, description)
    number = _number(chosen, [*files, *_steps(path), *_also(path)], now)
    return tuple(_LAYOUTS[chosen](path, files, number, name, description.strip()))


def write(files: Sequence[NewFile]) -> None:
    """Make the files; none of them may be there. Raises NoNextFile and leaves none behind."""
    there = next((file for file in files if file.path.exists()), None)
    if there is not None:
        raise NoNextFile(path=there.path.parent, reason=f"{there.path.name} is there already")
    for file in files:
        file.path.parent.mkdir(parents=True, exist_ok=True)
        with file.path.open("x", encoding="utf-8", newline="\n") as opened:
            opened.write(file.text)


def _check(path: Path) -> None:
    if (path / PLAN).is_file():
        raise NoNextFile(path=path, reason=f"its order stands in {PLAN}; add the change with sqitch")
    if path.is_dir() and read_options(path).order:
        raise NoNextFile(path=path, reason=f"its order stands in {FILE}; write the file and add its name there")


def _steps(path: Path) -> list[Path]:
    return named_as_steps(visible_files(path, "*.py")) if path.is_dir() else []


def _also(path: Path) -> Iterator[Path]:
    for other in read_options(path).also if path.is_dir() else ():
        yield from visible_files(path / other, "*.sql")


def _file_name(path: Path, description: str) -> str:
    name = re.sub(r"\W+", "_", description).strip("_").lower()
    if not name:
        raise NoNextFile(path=path, reason=f"{description!r} has no letter and no digit to name a file after")
    if len(name.encode()) > _MOST_BYTES:
        raise NoNextFile(path=path, reason=f"a description has at most {_MOST_BYTES} bytes")
    return name


def _number(convention: str, files: Sequence[Path], now: datetime) -> str:
    found = [spelt for file in files if (spelt := _spelt(convention, file))]
    if found:
        return next_number(max(found)[1], now)
    return _FIRST.get(convention) or now.strftime(_FIRST_MOMENT[convention])


def _spelt(convention: str, file: Path) -> tuple[Version, str] | None:
    """The version of a file and how its name spells it."""
    if convention == "flyway":
        return _flyway_number(file)
    name = file.parent.name if convention == "per-folder" else file.name.partition(file.suffix)[0]
    named, spelt = parse_numbered(name), spelt_number(name)
    return (named.version, spelt) if named and spelt else None


def _flyway_number(file: Path) -> tuple[Version, str] | None:
    file = file.with_suffix(".sql")
    name = flyway.parse_name(file) if flyway.claims(file) else None
    return (name.version, file.name[1:].split("__")[0]) if name and name.version else None


def _flyway(path: Path, files: Sequence[Path], number: str, name: str, description: str) -> Iterator[NewFile]:
    forward = path / f"V{number}__{name}.sql"
    yield NewFile(forward, _FORWARD.format(description=description))
    if any(file.name.startswith("U") for file in files):
        yield NewFile(path / f"U{number}__{name}.sql", _BACK.format(description=description))


def _pairs(path: Path, files: Sequence[Path], number: str, name: str, description: str) -> Iterator[NewFile]:
    ups = [file for file in files if pairs.claims(file)]
    stem = f"{number}_{name}{own_tag(ups[-1]) if ups else ''}"
    yield NewFile(path / f"{stem}.up.sql", _FORWARD.format(description=description))
    if not ups or any(file.name.endswith(".down.sql") for file in ups):
        yield NewFile(path / f"{stem}.down.sql", _BACK.format(description=description))


def _per_folder(path: Path, files: Sequence[Path], number: str, name: str, description: str) -> Iterator[NewFile]:
    own = path / f"{number}_{name}"
    yield NewFile(own / "up.sql", _FORWARD.format(description=description))
    if not files or any(file.name == "down.sql" for file in files if per_folder.claims(file)):
        yield NewFile(own / "down.sql", _BACK.format(description=description))


def _numbered(path: Path, files: Sequence[Path], number: str, name: str, description: str) -> Iterator[NewFile]:
    separator = next((found[1] for file in files if (found := re.match(r"[\d.]+([-_])", file.name))), "_")
    yield NewFile(path / f"{number}{separator}{name}.sql", _FORWARD.format(description=description))


def _sectioned(path: Path, files: Sequence[Path], number: str, name: str, description: str) -> Iterator[NewFile]:
    tools = [tool for file in files if numbered.claims(file) and (tool := sectioned.tool_of(read_text(file)))]
    up, down = _MARKERS[tools[-1] if tools else "dbmate"]
    text = f"{_FORWARD.format(description=description)}\n{up}\n\n{down}\n"
    yield NewFile(path / f"{number}_{name}.sql", text)


_LAYOUTS = {
    "flyway": _flyway,
    "pairs": _pairs,
    "per-folder": _per_folder,
    "sectioned": _sectioned,
    "numbered": _numbered,
}
