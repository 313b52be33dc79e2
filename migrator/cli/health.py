"""``migrator health``: whether the installation is well, and whether this machine's workers live."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from migrator.cli.output import json_option, say
from migrator.errors import EXIT_FAILED
from migrator.model.health import Health, HealthCheck, worst_of

_COLOURS = {Health.OK: "green", Health.WARN: "yellow", Health.FAIL: "bold red"}


@click.command()
@click.option("--database", "names", multiple=True, help="Look closely at this database; may be given several times.")
@click.option("--live", is_flag=True, help="Only whether the workers of this machine live; asks nobody else.")
@json_option
def health(names: tuple[str, ...], live: bool, as_json: bool) -> None:
    """Look at everything that the installation needs, at the same time, in a few seconds.

    Ends with 1 when a check fails, else with 0. --live is for a container's liveness probe: it ends with 0 when a
    worker of this machine gave a sign within half a minute, whatever the broker and the databases do.

    Example: migrator health --database eu-1
    """
    checks = _living() if live else _all(names)
    document = {"health": worst_of(checks).value, "checks": [check.as_row() for check in checks]}
    say(as_json, document, lambda console: _show(console, checks))
    if document["health"] == Health.FAIL:
        sys.exit(EXIT_FAILED)


def _all(names: tuple[str, ...]) -> list[HealthCheck]:
    from tasks.health import checkup

    return checkup(names)


def _living() -> list[HealthCheck]:
    from tasks.hosts import LIVE_STALE, live_folder, living

    found = living(time.time())
    if not any(age <= LIVE_STALE for age in found.values()):
        oldest = ", ".join(f"{name} {age:.0f} s ago" for name, age in found.items()) or "none was ever there"
        sentence = f"no worker of this machine has given a sign in {live_folder()}: {oldest}"
        return [HealthCheck("workers here", Health.FAIL, "none", sentence, "start it again")]
    return [
        HealthCheck(name, Health.OK, f"{age:.0f} s ago", "it lives") for name, age in found.items() if age <= LIVE_STALE
    ]


def _show(console: Console, checks: Sequence[HealthCheck]) -> None:
    table = Table("check", "health", "figure", "what was found", box=None, pad_edge=False, header_style="bold")
    for check in checks:
        said = check.sentence + (f"; {check.advice}" if check.advice else "")
        colour = _COLOURS[check.health]
        table.add_row(
            escape(check.name), f"[{colour}]{check.health.value}[/{colour}]", escape(check.figure), escape(said)
        )
    console.print(table)
