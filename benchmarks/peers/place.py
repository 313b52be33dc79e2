"""Where the peers are installed: ``.bench``, made by ``make bench``, so that none of them is a dependency of ours."""

from __future__ import annotations

import json
import platform
import shutil
from pathlib import Path

from benchmarks.shop import ROOT

PLACE = ROOT / ".bench"
PYTHON = PLACE / "python" / "bin" / "python"


class NotInstalled(Exception):
    """A peer that is not here; the message says what is missing."""


def python_with(*distributions: str) -> tuple[Path, str]:
    """The peers' Python and the versions of what has to be in it. Raises NotInstalled."""
    return PYTHON, ", ".join(f"{name} {_python_version(name)}" for name in distributions)


def node_package(name: str) -> tuple[Path, str]:
    """Where an npm package lies, and its version. Raises NotInstalled."""
    directory = PLACE / "node_modules" / name
    if not (facts := directory / "package.json").is_file():
        raise NotInstalled(f"the npm package {name} is not in {PLACE.name}")
    return directory, json.loads(facts.read_text())["version"]


def java() -> str:
    """The program. Raises NotInstalled."""
    if not (found := shutil.which("java")):
        raise NotInstalled("it needs Java")
    return found


def npm_platform() -> str:
    """As npm's packages with programs name it, such as linux-x64."""
    machine = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64"}.get(platform.machine().lower(), platform.machine())
    return f"{platform.system().lower()}-{machine}"


def _python_version(name: str) -> str:
    """Read from what pip left, so that no interpreter has to be started."""
    stem = name.replace("-", "_").lower()
    for found in (PLACE / "python").glob("lib/python*/site-packages/*.dist-info"):
        distribution, version = found.name.removesuffix(".dist-info").rsplit("-", 1)
        if distribution.lower() == stem:
            return version
    raise NotInstalled(f"the Python package {name} is not in {PLACE.name}")
