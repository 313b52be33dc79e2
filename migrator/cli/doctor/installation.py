"""This installation: Python, packages, the settings and where secrets lie."""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

import config.settings
from migrator import __version__
from migrator.errors import BadSettings
from migrator.model.check import Check, Verdict
from tasks import desk

OLDEST_PYTHON = (3, 11)
_URL_WITH_PASSWORD = re.compile(r"://[^/@\s]*:[^/@\s]+@")
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def packages() -> Iterator[Check]:
    """Python, and each package that we need in a version that we work with."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info >= OLDEST_PYTHON:
        yield Check("python", Verdict.OK, version, f"Python {version}, migrator {__version__}")
    else:
        yield Check("python", Verdict.STOP, version, f"Python {version} is too old", "use 3.11 or newer")
    wrong = [said for said in map(unmet, metadata.requires("migrator") or ()) if said]
    for said in wrong:
        yield Check("package", Verdict.STOP, "", said, "pip install --upgrade migrator brings it")
    if not wrong:
        yield Check("packages", Verdict.OK, "", "every package that is needed is there, in a version that fits")


def unmet(line: str) -> str | None:
    """What is wrong with one package that we require; None when nothing is, or when it belongs to an extra."""
    wanted = Requirement(line)
    if wanted.marker and not wanted.marker.evaluate({"extra": ""}):
        return None
    try:
        version = metadata.version(wanted.name)
    except metadata.PackageNotFoundError:
        return f"{wanted.name} is not installed"
    fits = wanted.specifier.contains(version, prereleases=True)
    return None if fits else f"{wanted.name} {version} does not fit, {wanted.specifier} is needed"


class Settings:
    """Reads the settings and keeps them for what is looked at next."""

    def __init__(self) -> None:
        self.found: config.settings.Settings | None = None

    def checks(self) -> Iterator[Check]:
        """Whether they can be read, and where they are from."""
        try:
            self.found = desk.settings()
        except BadSettings as error:
            yield Check("settings", Verdict.STOP, "", str(error), "docs/settings.md has every setting with its type")
            return
        yield Check("settings", Verdict.OK, "", f"valid; read from {', '.join(sources()) or 'nothing but defaults'}")
        needed = {"control_url": "the control database", "broker_url": "the broker"}
        for name, what in needed.items():
            if getattr(self.found, name) is None:
                advice = f"set MIGRATOR_{name.upper()}, or try it on embedded services with 'migrator local up'"
                yield Check(name, Verdict.STOP, "", f"{what} is not set", advice)


def sources() -> list[str]:
    """Where settings are set, strongest first."""
    variables = sorted(name for name in os.environ if name.startswith("MIGRATOR_"))
    files = [str(file) for file in (config.settings.TOML_FILE, config.settings.LOCAL_FILE) if file.exists()]
    return [*([", ".join(variables)] if variables else []), *files]


def secrets(chosen: config.settings.Settings) -> Iterator[Check]:
    """Whether anybody but us may read the files that passwords are in."""
    looked = 0
    for path, what in sorted(_files(chosen)):
        if path.exists():
            looked += 1
            yield from too_open(path, path.stat().st_mode, what)
    yield Check("files", Verdict.OK, str(looked), f"looked at {looked} files that may hold passwords")


def _files(chosen: config.settings.Settings) -> Iterator[tuple[Path, str]]:
    passfile = chosen.passfile or os.environ.get("PGPASSFILE") or str(Path.home() / ".pgpass")
    yield Path(passfile).expanduser(), "passfile"
    if (chosen.credential or "").startswith("file:"):
        yield Path((chosen.credential or "").removeprefix("file:")).expanduser(), "credential"
    for file in (config.settings.TOML_FILE, config.settings.LOCAL_FILE):
        if file.exists() and _URL_WITH_PASSWORD.search(file.read_text(encoding="utf-8", errors="replace")):
            yield file, "settings"


def too_open(path: Path, mode: int, what: str) -> Iterator[Check]:
    """A file that others may read, and what that means."""
    if not mode & _OTHERS:
        return
    said = f"{path} may be read by others (mode {stat.S_IMODE(mode):03o})"
    if what == "passfile":
        yield Check(what, Verdict.STOP, "", f"{said}, and libpq ignores it for that reason", f"chmod 600 {path}")
    else:
        yield Check(what, Verdict.WARN, "", f"{said}, and passwords are in it", f"chmod 600 {path}")
