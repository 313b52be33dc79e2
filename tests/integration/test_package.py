"""Wheel and sdist: built once, checked, and installed where nothing else is but what the wheel asks for."""

from __future__ import annotations

import configparser
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path
from venv import create

import pytest
from packaging.requirements import Requirement

import migrator

ROOT = Path(__file__).parents[2]
ROOMS = ("migrator", "tasks", "config")
NOT_SOURCES = shutil.ignore_patterns(".*", "build", "dist", "*.egg-info", "__pycache__", "node_modules")


def run(*words: str | Path, place: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "MIGRATOR_"))}
    done = subprocess.run(words, cwd=place, env=environment, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, f"{words}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A directory with sdist and wheel; the wheel is made from the sdist, beside the checkout and not in it."""
    copy = tmp_path_factory.mktemp("source") / "migrator"
    shutil.copytree(ROOT, copy, ignore=NOT_SOURCES)
    run(sys.executable, "-m", "build", "--no-isolation", ".", place=copy)
    return copy / "dist"


@pytest.fixture(scope="module")
def wheel(built):
    (found,) = built.glob("*.whl")
    return found


def asked_for(name: str, extras: frozenset[str] = frozenset(), seen: set[str] | None = None) -> Iterator[Distribution]:
    """What a distribution requires, and what that requires."""
    seen = set() if seen is None else seen
    for requirement in map(Requirement, distribution(name).requires or ()):
        wanted = [{"extra": extra} for extra in extras or [""]]
        if requirement.marker is None or any(map(requirement.marker.evaluate, wanted)):
            key = f"{requirement.name.lower()} {sorted(requirement.extras)}"
            if key not in seen:
                seen.add(key)
                yield distribution(requirement.name)
                yield from asked_for(requirement.name, frozenset(requirement.extras), seen)


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """An environment with the wheel, and with no other package than those that it asks for."""
    place = tmp_path_factory.mktemp("installed")
    create(place / "venv", with_pip=False, symlinks=True)
    python = place / "venv" / "bin" / "python"
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", place=place).strip())
    for each in asked_for("migrator"):
        for top in {file.parts[0] for file in each.files or () if file.parts[0] not in ("..", "__pycache__")}:
            if not (site / top).exists():
                (site / top).symlink_to(Path(str(each.locate_file(top))))
    install = ("-m", "pip", "--python", python, "install", "--no-deps", "--no-index", "--quiet")
    run(sys.executable, *install, wheel, place=place)
    return place


def test_what_is_built_would_be_accepted_by_a_package_index(built):
    run(sys.executable, "-m", "twine", "check", "--strict", *sorted(built.iterdir()), place=built)


def test_the_wheel_has_every_file_of_the_three_packages(wheel):
    sources = {
        str(file.relative_to(ROOT))
        for room in ROOMS
        for file in (ROOT / room).rglob("*")
        if file.is_file() and file.suffix != ".pyc"
    }
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if name.split("/")[0] in ROOMS}
    assert inside == sources
    assert {"migrator/py.typed", "tasks/py.typed", "config/py.typed", "tasks/breaker.lua"} <= inside
    assert {Path(name).suffix for name in inside} >= {".sql", ".lua", ".js", ".css", ".html", ".typed"}


def test_the_sdist_has_what_tests_and_documents_need(built):
    (found,) = built.glob("*.tar.gz")
    with tarfile.open(found) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {"README.md", "CHANGELOG.md", "LICENSE", "Makefile", "Procfile", "celeryconfig.py", "requirements.txt"}
    wanted |= {"docs/operations.md", "tests/acceptance/fleet.py", "examples/shop/application.py"}
    assert wanted - inside == set()


def test_the_installed_command_tells_its_version_and_helps(installed):
    command = installed / "venv" / "bin" / "migrator"
    assert migrator.__version__ in run(command, "--version", place=installed)
    assert "migrate" in run(command, "--help", place=installed)
    assert "--canary" in run(command, "migrate", "--help", place=installed)


def test_the_installed_packages_are_importable_and_typed_away_from_the_checkout(installed):
    words = (
        "import config, tasks, migrator, migrator.client, migrator.cli, migrator.web.dashboard\n"
        "from importlib.resources import files\n"
        "print(*(files(each).joinpath('py.typed').is_file() for each in (config, tasks, migrator)), migrator.__file__)"
    )
    said = run(installed / "venv" / "bin" / "python", "-c", words, place=installed).split()
    assert said[:3] == ["True"] * 3
    assert Path(said[3]).is_relative_to(installed)


def test_celery_finds_our_commands_where_the_wheel_is_installed(installed):
    found = "importlib.metadata.entry_points(group='celery.commands')"
    words = f"import importlib.metadata\nfor each in {found}: print(each.name, each.load())"
    said = run(installed / "venv" / "bin" / "python", "-c", words, place=installed)
    assert {"dashboard", "relay"} <= {line.split()[0] for line in said.splitlines()}


def test_the_readme_tells_what_every_extra_is_for():
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [extra for extra in settings["options.extras_require"] if f"| `{extra}` |" not in readme] == []
