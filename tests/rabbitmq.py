"""A RabbitMQ server of our own, on loopback, where its programs are installed."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import IO

from migrator.local import free_port
from migrator.local.account import hand_over, run_as
from migrator.local.lineage import Command
from migrator.local.ports import LOOPBACK
from migrator.local.server import Server

PLACES = (Path("/usr/lib/rabbitmq/bin"), Path("/opt/homebrew/sbin"), Path("/usr/local/sbin"))
WHY_NOT = "RabbitMQ is not installed (apt-get install rabbitmq-server, or brew install rabbitmq)"
_CONFIG = """listeners.tcp.1 = 127.0.0.1:{port}
log.console = true
log.file = false
disk_free_limit.absolute = 1MB
vm_memory_high_watermark.absolute = 1GB
loopback_users.guest = true
"""


def rabbitmq_server() -> Path | None:
    """The program, not the system's wrapper of it, which wants an account of its own; None where there is none."""
    found = (place / "rabbitmq-server" for place in PLACES)
    return next((program for program in found if program.exists()), None)


class RabbitMq(Server):
    """One node with an epmd of its own; it keeps its messages when it is killed."""

    name = "RabbitMQ"
    farewell = signal.SIGTERM

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self._epmd: subprocess.Popen[bytes] | None = None
        self._epmd_port, self._node_port = free_port(), free_port()

    def url(self) -> str:
        """The address of its first virtual host."""
        return f"amqp://guest:guest@{LOOPBACK}:{self.port}//"

    def kill(self) -> None:
        """SIGKILL the node with the shell that started it, which would wait for it otherwise."""
        if self._child and self._child.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._child.pid, signal.SIGKILL)
            self._child.wait()

    def stop(self) -> None:
        """End the node, at once: nobody needs its messages any more; and then the daemon that knows its name."""
        self.kill()
        if self._epmd and self._epmd.poll() is None:
            self._epmd.terminate()
            self._epmd.wait(10)

    def _fill(self, draft: Path, lock: int) -> None:
        """Nothing: the node makes its files itself."""

    def _command(self) -> Command:
        """By ``env``: the node is told everything by variables."""
        self._name_node()
        program = rabbitmq_server()
        assert program is not None, WHY_NOT
        config = self.home.data / "rabbitmq.conf"
        config.write_text(_CONFIG.format(port=self.port))
        plugins = self.home.data / "enabled_plugins"
        plugins.write_text("[].\n")
        for file in (config, plugins):
            hand_over(file)
        return ["env", *(f"{name}={value}" for name, value in self._variables(config, plugins).items()), program]

    def _variables(self, config: Path, plugins: Path) -> dict[str, object]:
        return {
            "HOME": self.home.data,
            "ERL_EPMD_PORT": self._epmd_port,
            "ERL_EPMD_ADDRESS": LOOPBACK,
            "ERL_CRASH_DUMP": "/dev/null",
            "RABBITMQ_NODENAME": f"migrator{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": LOOPBACK,
            "RABBITMQ_NODE_PORT": self.port,
            "RABBITMQ_DIST_PORT": self._node_port,
            "RABBITMQ_CONFIG_FILE": config,
            "RABBITMQ_ENABLED_PLUGINS_FILE": plugins,
            "RABBITMQ_MNESIA_BASE": self.home.data / "mnesia",
            "RABBITMQ_LOG_BASE": self.home.data / "log",
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} +S 2:2 +sbwt none",
            "LANG": "C.UTF-8",
        }

    def _accepts(self) -> bool:
        """Read it in the log, which nobody else on that port can write."""
        return self.pid is not None and "Server startup complete" in self.home.logged()

    def _name_node(self) -> None:
        """Start our own epmd, which would else be started as a daemon and outlive us."""
        if self._epmd is not None and self._epmd.poll() is None:
            return
        epmd = shutil.which("epmd") or "epmd"
        environment = {**os.environ, "ERL_EPMD_PORT": str(self._epmd_port)}
        log: IO[bytes]
        with self.home.open_log() as log:
            self._epmd = self._parent.fork(
                [epmd, "-port", str(self._epmd_port), "-address", LOOPBACK],
                signal.SIGTERM,  # it ends with us, however we die
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **run_as(),
            )
        time.sleep(0.1)
