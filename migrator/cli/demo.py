"""``migrator demo``: the whole thing on embedded services with a sample fleet."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

import migrator
from config.processes import PROCESSES
from migrator.cli.local import installation, read_state
from migrator.cli.output import person_console
from migrator.errors import DemoMissing, LocalServiceFailed
from migrator.fleet import ledger
from migrator.fleet.store import Store
from migrator.local import LocalServices
from migrator.watch.progress import spoken_seconds

DATABASES = {"eu-1": "shop_eu", "us-1": "shop_us"}
READY_SECONDS = 60.0


@click.command()
@click.option("--tenants", default=100, show_default=True, help="How many tenants the sample fleet has.")
@click.option("--keep", is_flag=True, help="Keep everything running at the end, until Ctrl-C.")
def demo(tenants: int, keep: bool) -> None:
    """Migrate a sample fleet from nothing, with everything real, and stop it all again.

    Two databases, a hundred tenants, about twenty migrations, on embedded PostgreSQL and Valkey.

    Example: migrator demo --tenants 20 --keep
    """
    shop = _example()
    with tempfile.TemporaryDirectory(prefix="migrator-demo-") as place:
        Path(place).chmod(0o755)
        Demo(Path(place), shop, person_console()).run(tenants, keep)


class Demo:
    """One showing: it says at every step what it is doing and what a person would type."""

    def __init__(self, place: Path, shop: Path, console: Console) -> None:
        self.place, self.shop, self.console = place, shop, console
        self.migrations = place / "migrations"
        self.environment: dict[str, str] = {}
        self._step = 0

    def run(self, tenants: int, keep: bool) -> None:
        """From starting the services to the summary."""
        shutil.copytree(self.shop / "migrations", self.migrations)
        self.say("Starting PostgreSQL and Valkey, two workers, beat and Flower")
        more = {"MIGRATOR_MIGRATIONS": str(self.migrations)}
        with installation(self.place / "services", PROCESSES, more) as (services, processes):
            self.environment = {**os.environ, **services.environment(), **more}
            for name in DATABASES.values():
                services.postgres.create_database(name)
            address = str(read_state(self.place / "services")["dashboard"])
            _wait_for(address, processes.log("dashboard"))
            self.console.print(f"  Flower: {address}")
            self._fleet(services, tenants)
            self._summary(services, address)
            if keep:
                self.say("Everything keeps running; Ctrl-C stops it")
                while True:
                    time.sleep(1)
            self.say("Stopping everything")

    def _fleet(self, services: LocalServices, tenants: int) -> None:
        self.say(f"The shop's own application registers {len(DATABASES)} databases and {tenants} tenants")
        databases = [f"--database={id_}={name}" for id_, name in DATABASES.items()]
        port = f"--port={services.postgres.port}"
        where = ["--host=127.0.0.1", port, "--username=postgres", *databases]
        self._application("register", *where, f"--tenants={tenants}")
        files = len(list((self.migrations / "tenant").glob("*.sql")))
        self.say(f"First run: {files} migrations to each of {tenants} empty schemas")
        self._migrator("migrate")
        increment = next((self.shop / "next").glob("*.sql"))
        shutil.copy(increment, self.migrations / "tenant")
        self.say(f"A new migration, {increment.name}, is deployed; second run")
        self._migrator("migrate")
        self.say("Third run, with nothing to do")
        self._migrator("migrate")
        self.say("A customer signs up: the application publishes tenant.created and waits for its schema")
        self._application("sign-up", f"--tenant={tenants + 1}", "--slug=newcomer", "--database=eu-1")
        self.say("The fleet as it stands")
        self._migrator("status")

    def _summary(self, services: LocalServices, address: str) -> None:
        self.say("Summary")
        store = Store(services.environment()["MIGRATOR_CONTROL_URL"])
        with store.begin() as connection:
            found = list(reversed(ledger.executions(connection, 10)))
            rows = [(row, ledger.summed(connection, row.id).applied) for row in found]
        store.dispose()
        table = Table("event", "schemas", "current before", "failed", "applied", "time", box=None, header_style="bold")
        for row, applied in rows:
            took = spoken_seconds(float(row.seconds))
            table.add_row(row.type, str(row.total), str(row.skipped), str(row.failed), str(applied), took)
        self.console.print(table)
        self.console.print(f"  Flower was at {address}; 'migrator demo --keep' leaves it running")

    def say(self, sentence: str) -> None:
        """A headline for the next step."""
        self._step += 1
        self.console.print(f"\n[bold]{self._step}. {sentence}[/bold]")

    def _application(self, *arguments: str) -> None:
        self._call([sys.executable, str(self.shop / "application.py"), *arguments], "python application.py", arguments)

    def _migrator(self, *arguments: str) -> None:
        self._call([sys.executable, "-m", "migrator.cli", *arguments], "migrator", arguments)

    def _call(self, command: Sequence[str], shown: str, arguments: Sequence[str]) -> None:
        self.console.print(f"  $ {shown} {' '.join(arguments)}", style="dim", markup=False)
        subprocess.run(command, env=self.environment, cwd=self.place, check=True)


def _example() -> Path:
    """The sample application, in a checkout or where the wheel puts it. Raises DemoMissing."""
    candidates = (Path(migrator.__file__).parents[1] / "examples", Path(sys.prefix) / "share/migrator/examples")
    for candidate in candidates:
        if (candidate / "shop" / "application.py").exists():
            return candidate / "shop"
    raise DemoMissing(places=" and ".join(map(str, candidates)))


def _wait_for(address: str, log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"{address}/healthcheck", timeout=2):  # noqa: S310 - our own address
                return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > deadline:
                said = log.read_text(errors="replace").strip().splitlines()[-1:]
                reason = f"did not start: {''.join(said) or 'it said nothing'}"
                raise LocalServiceFailed(service="dashboard", reason=reason, log=log) from None
            time.sleep(0.2)
