"""The lane ``dbmate``: its program once per schema, which its URL names, as many at a time as there are lanes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.peers.files import make_schemas, started, two_folders
from benchmarks.peers.place import NotInstalled, node_package, npm_platform
from benchmarks.shop import FORWARD, Fleet, Work
from migrator.local import Postgres


class Dbmate:
    """The compiled program itself; npm's wrapper around it would only add Node's start."""

    name = "dbmate"
    works = FORWARD
    most: int | None = 50

    def __init__(self, postgres: Postgres, home: Path, connections: int) -> None:
        package, self.version = node_package(f"@dbmate/{npm_platform()}")
        self._program = package / "bin" / "dbmate"
        if not self._program.is_file():
            raise NotInstalled("its npm package has no program for this platform")
        self._postgres, self._home, self._connections = postgres, home, connections
        self._folders = two_folders(home, lambda _, step: f"-- migrate:up\n{step.sql}\n-- migrate:down\n", ".sql")

    def prepare(self, fleet: Fleet) -> None:
        """Nothing: it makes its table itself."""

    def run(self, work: Work, fleet: Fleet) -> None:
        """Start it for every schema; the first that fails ends the work."""
        if work is Work.HISTORY:
            make_schemas(self._postgres, fleet)
        with ThreadPoolExecutor(self._connections) as pool:
            list(pool.map(lambda schema: self._start(work, fleet.database, schema), fleet.schemas))

    def _start(self, work: Work, database: str, schema: str) -> None:
        url = f"{self._postgres.url(database)}?sslmode=disable&search_path={schema},public"
        command = [self._program, "--no-dump-schema", "--migrations-dir", self._folders[work], "migrate"]
        started(self.name, command, self._home, {"DATABASE_URL": url})
