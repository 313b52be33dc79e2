"""Both servers together: what one installation needs."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Self

from migrator.local.postgres import Postgres
from migrator.local.valkey import Valkey

CONTROL_DATABASE = "migrator"


class LocalServices:
    """Both servers below one directory, as a context manager; the control database is created, and empty."""

    def __init__(self, directory: Path, *, durable: bool = True) -> None:
        self.postgres = Postgres(directory / "postgres", durable=durable)
        self.valkey = Valkey(directory / "valkey")

    def start(self) -> None:
        """Start both or none."""
        with ExitStack() as undo:
            undo.callback(self.stop)
            self.postgres.start()
            self.valkey.start()
            self.postgres.create_database(CONTROL_DATABASE)
            undo.pop_all()

    def stop(self) -> None:
        """Stop both, Valkey also when PostgreSQL makes trouble."""
        try:
            self.postgres.stop()
        finally:
            self.valkey.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def environment(self) -> dict[str, str]:
        """The variables by which our settings, libpq and its programs find both servers."""
        return {
            "MIGRATOR_CONTROL_URL": self.postgres.url(CONTROL_DATABASE),
            "MIGRATOR_BROKER_URL": self.valkey.url(),
            "MIGRATOR_PG_BIN": str(self.postgres.bin),
            "PGPASSFILE": str(self.postgres.passfile),
        }
