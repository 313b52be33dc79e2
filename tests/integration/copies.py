"""Copies of published packages, fetched without what they depend on, and imports from them that work nevertheless."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import subprocess
import sys
import tempfile
import types
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CACHE = Path(sys.prefix) / "copies"
"""In the environment: git ignores it, and it goes when the environment goes."""


def copy_of(package: str, version: str) -> Path:
    """The folder of a package in just this version, fetched once; nothing of it can be imported from there."""
    kept = CACHE / f"{package}-{version}"
    if not kept.exists():
        CACHE.mkdir(exist_ok=True)
        fetched = tempfile.mkdtemp(dir=CACHE)
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
        subprocess.run([*pip, "--no-deps", "--target", fetched, f"{package}=={version}"], check=True)
        try:
            Path(fetched).rename(kept)
        except OSError:  # another test process was faster
            assert kept.exists()
    return kept / package


class _Name(str):
    """The member of an enumeration."""

    @property
    def value(self) -> str:
        return str(self)

    def __call__(self, *_: object) -> str:
        return self


class _Names(type):
    """A class whose every attribute is its own name."""

    def __getattr__(cls, name: str) -> str:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Name(name)


class Anything(metaclass=_Names):
    """Stands for a class that would need a dependency; good for what revisions do with one: name its members."""

    to_string = staticmethod(str)

    def __init__(self, *_: object) -> None:
        pass


class _Stub(types.ModuleType):
    """A package that has no code of its own, or none that we could run."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        for module in (f"{self.__name__}.{name}", self.found_in.get(name)):
            if module in self.real:
                found = importlib.import_module(module)
                return getattr(found, name, found)
        return type(name, (Anything,), {})


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def __init__(self, copy: Path, real: dict[str, tuple[str, ...]], stubbed: tuple[str, ...]) -> None:
        self.copy, self.real, self.stubbed = copy, set(real), stubbed
        self.found_in = {name: module for module, names in real.items() for name in names}

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in self.stubbed:
            return None
        if name in self.real:
            return importlib.util.spec_from_file_location(name, self.copy.parent / f"{name.replace('.', '/')}.py")
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        stub = _Stub(spec.name)
        stub.real, stub.found_in = self.real, self.found_in
        return stub

    def exec_module(self, module):
        pass


@contextmanager
def imports_from(copy: Path, real: dict[str, tuple[str, ...]], **missing: types.ModuleType | None) -> Iterator[None]:
    """For a while, imports from a copied package lead to its ``real`` modules, and elsewhere to stand-ins.

    ``real``: modules that need nothing but each other and what we have, with the names that packages re-export from
    them. ``missing``: dependencies that are stand-ins altogether, None for one that can be anything.
    """
    finder = _Finder(copy, real, (copy.name, *missing))
    sys.meta_path.insert(0, finder)
    sys.modules.update({name: module for name, module in missing.items() if module})
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name in sys.modules if name.partition(".")[0] in finder.stubbed]:
            del sys.modules[name]
