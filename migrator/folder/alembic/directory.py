"""Where an Alembic script directory is: env.py beside versions/, or what a configuration file says."""

from __future__ import annotations

import configparser
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from migrator.errors import BadScriptDirectory
from migrator.folder.alembic.settings import AlembicOptions
from migrator.folder.source import read_text

INI, PROJECT = "alembic.ini", "pyproject.toml"
_SEPARATORS = {"space": " ", "newline": "\n", "os": os.pathsep, ":": ":", ";": ";"}


@dataclass(frozen=True, slots=True)
class ScriptDirectory:
    """A script directory that was found."""

    versions: tuple[Path, ...]
    """The folders that hold revisions."""
    recursive: bool = False
    ini: Path | None = None
    """The configuration file that revisions may ask."""

    def files(self) -> list[Path]:
        """The revision files. Raises BadScriptDirectory when a folder is not there."""
        return sorted(file for folder in self.versions for file in self._below(folder))

    def _below(self, folder: Path) -> Iterator[Path]:
        if not folder.is_dir():
            raise BadScriptDirectory(path=folder, reason="there is no such folder of revisions")
        for file in folder.rglob("*.py") if self.recursive else folder.glob("*.py"):
            if not file.name.startswith((".", "__init__")):
                yield file


def is_script_directory(path: Path) -> bool:
    """Whether a folder is one, or has a configuration file that leads to one."""
    return _is_direct(path) or any("script_location" in said for said in (_ini(path), _project(path)))


def find_script_directory(path: Path, options: AlembicOptions) -> ScriptDirectory:
    """The script directory that a folder is or leads to. Raises BadScriptDirectory when there is none."""
    said = _ini(path) or _project(path)
    ini = path / INI if (path / INI).is_file() else None
    recursive = said.get("recursive_version_locations", "").lower() in ("true", "1", "yes", "on")
    if options.script_location or options.version_locations:
        root = path / (options.script_location or "")
        locations = tuple(path / location for location in options.version_locations)
        return ScriptDirectory(locations or (root / "versions",), recursive, ini)
    if _is_direct(path):
        return ScriptDirectory((path / "versions",), recursive, ini)
    if "script_location" not in said:
        reason = f"it has neither env.py with versions/ nor an {INI} that says script_location"
        raise BadScriptDirectory(path=path, reason=reason)
    root = _located(path, said["script_location"])
    locations = tuple(_located(path, location) for location in _listed(said))
    return ScriptDirectory(locations or (root / "versions",), recursive, ini)


def _is_direct(path: Path) -> bool:
    return (path / "env.py").is_file() and (path / "versions").is_dir()


def _ini(path: Path) -> Mapping[str, str]:
    """The section that Alembic reads; other sections are those of the logging module and of no concern."""
    file = path / INI
    if not file.is_file():
        return {}
    parser = configparser.ConfigParser({"here": str(path)})
    try:
        parser.read_string(read_text(file))
        return dict(parser["alembic"]) if "alembic" in parser else {}
    except configparser.Error as error:
        raise BadScriptDirectory(path=file, reason=error.message) from None


def _project(path: Path) -> Mapping[str, str]:
    file = path / PROJECT
    if not file.is_file():
        return {}
    try:
        said = tomllib.loads(read_text(file)).get("tool", {}).get("alembic", {})
    except tomllib.TOMLDecodeError as error:
        raise BadScriptDirectory(path=file, reason=str(error)) from None
    return {key: _as_text(value).replace("%(here)s", str(path)) for key, value in said.items()}


def _as_text(value: object) -> str:
    return "\n".join(map(str, value)) if isinstance(value, list) else str(value)


def _listed(said: Mapping[str, str]) -> list[str]:
    separator = _SEPARATORS.get(said.get("path_separator") or said.get("version_path_separator") or "")
    found = said.get("version_locations", "")
    parts = found.split(separator) if separator else re.split(r"[,\s]+", found)
    return [part.strip() for part in parts if part.strip()]


def _located(path: Path, location: str) -> Path:
    """Relative to the configuration file: a worker's own directory is anybody's."""
    if ":" in location and not Path(location).is_absolute():
        reason = f"{location} names a package; give its path as script_location under [alembic] in folder.toml"
        raise BadScriptDirectory(path=path, reason=reason)
    return path / location
