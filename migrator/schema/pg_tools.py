"""PostgreSQL's own client programs: which pg_dump, pg_restore and psql fit a server."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from migrator.errors import PgToolsMissing
from migrator.schema.session import Session

NAMES = ("pg_dump", "pg_restore", "psql")
_VERSION = re.compile(r"\(PostgreSQL\) (\d+)(\S*)")
_USUAL = (
    "usr/lib/postgresql/*/bin",  # Debian
    "usr/pgsql-*/bin",  # Red Hat
    "opt/homebrew/opt/libpq/bin",
    "opt/homebrew/opt/postgresql@*/bin",
    "usr/local/opt/libpq/bin",
    "usr/local/opt/postgresql@*/bin",
)
_LIMIT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class PgTools:
    """The three programs of one release, side by side."""

    directory: Path
    version: str

    @property
    def major(self) -> int:
        """18 for 18.6."""
        return major(self.version)

    def __getitem__(self, name: str) -> str:
        """The path of one program."""
        return str(self.directory / name)


def major(version: str) -> int:
    """The number in front: 18 for 18.6 and for 18beta1."""
    found = re.match(r"\d+", version)
    return int(found.group()) if found else 0


def server_version(session: Session) -> str:
    """As PostgreSQL writes it: 18.6."""
    number = session.connection.info.server_version
    return f"{number // 10000}.{number % 10000}"


def tools_for(session: Session, places: Sequence[Path] = (), *, at_least: int = 0) -> PgTools:
    """The programs that fit the server of a session: of its major version or, failing that, of the next newer one.

    Looks into the given directories, PATH and where distributions put them. ``at_least`` is the major version of
    the pg_dump whose archive is to be read. Raises PgToolsMissing with all that was found.
    """
    needed = max(session.connection.info.server_version // 10000, at_least)
    found = list(_found(_directories(places)))
    fitting = [tools for tools in found if tools.major >= needed]
    if not fitting:
        listed = ", ".join(f"{tools.version} in {tools.directory}" for tools in found) or "none at all"
        version = server_version(session)
        raise PgToolsMissing(database=session.database_id, version=version, needed=needed, found=listed)
    return min(fitting, key=lambda tools: tools.major)


def _directories(places: Iterable[Path]) -> Iterator[Path]:
    yield from places
    yield from map(Path, os.get_exec_path())
    for pattern in _USUAL:
        yield from sorted(Path("/").glob(pattern), reverse=True)


def _found(directories: Iterable[Path]) -> Iterator[PgTools]:
    """Each directory that has all three programs, once.

    Debian's wrapper is passed over: which release it starts depends on its arguments.
    """
    for directory in dict.fromkeys(directory.absolute() for directory in directories):
        dump = directory / NAMES[0]
        if all(os.access(directory / name, os.X_OK) for name in NAMES) and dump.resolve().name != "pg_wrapper":
            version = _version(dump, dump.stat().st_mtime_ns)
            if version:
                yield PgTools(directory, version)


@lru_cache(maxsize=100)
def _version(program: Path, _changed: int) -> str | None:
    """What a program says of itself, asked again only when its file changed; None when it does not run here."""
    try:
        words = [str(program), "--version"]
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=_LIMIT_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = _VERSION.search(done.stdout)
    return "".join(found.groups()) if found else None
