"""The servers: one for the control database, two for the targets, Valkey, and RabbitMQ where it is the broker."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import InterfaceError, OperationalError
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from migrator.cli.init import upgrade_control_schema
from migrator.errors import LocalServiceFailed
from migrator.local import Postgres, Valkey
from migrator.local.lineage import Command
from migrator.local.server import Server
from tests.chaos import folder
from tests.chaos.kept import Kept

CONTROL = "control"
AWAY = (OperationalError, InterfaceError)
"""What a question to PostgreSQL raises while the server is away."""
PATIENCE_SECONDS = 60


class KillableServer(Postgres):
    """Keeps all its commits when it is killed; only a machine that loses power would lose some."""

    def _command(self) -> Command:
        return [*super()._command(), "--fsync=off"]


class Site(Kept):
    """All servers, kept running by a thread of their own, below one directory."""

    def __init__(self, place: Path, broker: str, lease: float) -> None:
        super().__init__("servers")
        self.place, self.broker, self.lease = place, broker, lease
        self.control = KillableServer(place / "control")
        self.targets = {name: KillableServer(place / name) for name in ("east", "west")}
        self.valkey = Valkey(place / "valkey")
        self.servers: dict[str, Server] = {CONTROL: self.control, **self.targets, "valkey": self.valkey}
        if broker == "rabbitmq":
            from tests.rabbitmq import RabbitMq

            self.servers["rabbitmq"] = RabbitMq(place / "rabbitmq")
        self._due: dict[str, float] = {}

    def _start_all(self) -> None:
        for server in self.servers.values():
            server.start()
        self.control.create_database(CONTROL)
        upgrade_control_schema(self.control.url(CONTROL))
        self.migrations = folder.write(self.place)
        for name, server in self.targets.items():
            secret = self.secret(name)
            secret.touch(mode=0o600)
            secret.write_text(server.password)

    def _stop_all(self) -> None:
        for server in self.servers.values():
            server.stop()

    def secret(self, name: str) -> Path:
        """Where workers read a target server's password."""
        return self.place / f"{name}.secret"

    def kill(self, name: str, away: float) -> None:
        """SIGKILL a server; it is started again after so many seconds."""
        self.servers[name].kill()
        self._due[name] = time.monotonic() + away

    def settle(self) -> None:
        """Wait until all servers are there."""
        while self._due and self._keeper.is_alive():
            time.sleep(0.05)
        assert not self._due, f"{', '.join(self._due)} did not come back"

    def register(self, database: str, server: str) -> None:
        """Create a database on a target server and put it into the registry."""
        target = self.targets[server]
        target.create_database(database)
        self.ask(
            """INSERT INTO migrator.database (id, name, kind, region, host, port, username, credential)
               VALUES (%s, %s, 'tenant', 'eu', '127.0.0.1', %s, 'postgres', %s)""",
            (database, database, target.port, f"file:{self.secret(server)}"),
        )

    @property
    def broker_url(self) -> str:
        """Where messages go."""
        return self.servers["rabbitmq" if self.broker == "rabbitmq" else "valkey"].url()  # type: ignore[attr-defined]

    def environment(self) -> Mapping[str, str]:
        """The settings of workers, beat and relay; short times, so that a round is short."""
        return {
            "MIGRATOR_CONTROL_URL": self.control.url(CONTROL),
            "MIGRATOR_BROKER_URL": self.broker_url,
            "MIGRATOR_RESULT_BACKEND": self.valkey.url(),
            "MIGRATOR_MIGRATIONS": str(self.migrations),
            "MIGRATOR_SNAPSHOTS": str(self.place / "snapshots"),
            "MIGRATOR_PG_BIN": str(self.control.bin),
            "MIGRATOR_LOG_FORMAT": "json",
            "MIGRATOR_LEASE": str(self.lease),
            "MIGRATOR_UPKEEP_EVERY": "1",
            "MIGRATOR_LANE_SLICE": "1",
            "MIGRATOR_BREAKER_OPEN_SECONDS": "1",
            "MIGRATOR_BREAKER_OPEN_LONGEST": "4",
        }

    def ask(self, query: str, values: Any = None) -> list[tuple[Any, ...]]:
        """Ask the control database, also while it is being killed."""
        return patiently(self.control.url(CONTROL), query, values)

    def _look_after(self) -> None:
        for name, due in list(self._due.items()):
            if time.monotonic() >= due:
                try:
                    self.servers[name].start()
                except LocalServiceFailed:
                    continue  # what it left is still going; the next try is soon
                del self._due[name]


@contextmanager
def asking(url: str) -> Iterator[Any]:
    """A cursor in autocommit on a connection of its own."""
    with closing(psycopg2.connect(url, application_name="chaos", connect_timeout=5)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor


def once(url: str, query: str, values: Any = None) -> list[tuple[Any, ...]]:
    """Ask once. Raises AWAY's errors."""
    with asking(url) as cursor:
        cursor.execute(query, values)
        return cursor.fetchall() if cursor.description else []


patiently = retry(
    retry=retry_if_exception_type(AWAY), stop=stop_after_delay(PATIENCE_SECONDS), wait=wait_fixed(0.1), reraise=True
)(once)
