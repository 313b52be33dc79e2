"""The lane ``yoyo``: one process of its library, a backend per schema."""

from __future__ import annotations

from pathlib import Path

from benchmarks.peers.files import make_schemas, started, two_folders
from benchmarks.peers.place import python_with
from benchmarks.shop import FORWARD, Fleet, Work
from migrator.local import Postgres

_LOOP = Path(__file__).with_name("yoyo_loop.py")


class Yoyo:
    """Each of our files is one step of one of its Python files, so that it has not to be split."""

    name = "yoyo"
    works = FORWARD
    most: int | None = 50

    def __init__(self, postgres: Postgres, home: Path) -> None:
        self._python, self.version = python_with("yoyo-migrations")
        self._postgres, self._home = postgres, home
        self._folders = two_folders(home, lambda _, it: f"from yoyo import step\n\nsteps = [step({it.sql!r})]\n", ".py")

    def prepare(self, fleet: Fleet) -> None:
        """Nothing: it makes its tables itself."""

    def run(self, work: Work, fleet: Fleet) -> None:
        """Let it go over all schemas."""
        if work is Work.HISTORY:
            make_schemas(self._postgres, fleet)
        command = [self._python, _LOOP, self._folders[work], *fleet.schemas]
        started(self.name, command, self._home, {"YOYO_URL": self._postgres.url(fleet.database)})
