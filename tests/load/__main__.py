"""``python -m tests.load burst|soak``: runs it on servers and workers of its own and fails when something is wrong."""

from __future__ import annotations

import json
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from tests.chaos.crew import Crew
from tests.chaos.site import Site
from tests.load.burst import burst
from tests.load.soak import soak

DATABASES = ("east", "west")
broker_option = click.option("--broker", default="valkey", type=click.Choice(["valkey", "rabbitmq"]))


@click.group()
def main() -> None:
    """Load on a fleet of two databases."""


@main.command("burst")
@click.option("--events", default=10_000, show_default=True, type=click.IntRange(1))
@broker_option
def burst_command(events: int, broker: str) -> None:
    """Publish many events at once."""
    _run(broker, lambda site, crew: burst(site, crew, events, DATABASES))


@main.command("soak")
@click.option("--minutes", default=10.0, show_default=True, type=click.FloatRange(1))
@broker_option
def soak_command(minutes: float, broker: str) -> None:
    """Publish some events each second for minutes."""
    _run(broker, lambda site, crew: soak(site, crew, minutes, DATABASES))


def _run(broker: str, work: Callable[[Site, Crew], dict[str, Any]]) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    place = Path(tempfile.mkdtemp(prefix="migrator-load-"))
    place.chmod(0o755)
    with Site(place, broker, lease=30) as site, Crew(site.environment(), place) as crew:
        for name in DATABASES:
            site.register(name, name)
        found = work(site, crew)
    click.echo(json.dumps(found, indent=2))
    if found["faults"]:
        click.echo(f"logs are in {place}", err=True)
        sys.exit(1)
    shutil.rmtree(place)


if __name__ == "__main__":
    main()
