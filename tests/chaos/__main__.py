"""``python -m tests.chaos``: plays rounds, prints the table, and fails when anything was lost or done twice."""

from __future__ import annotations

import json
import os
import platform
import secrets
import shutil
import signal
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import celery
import click
import psutil
from rich.console import Console

from tests.chaos.crew import Crew
from tests.chaos.report import as_document, tell
from tests.chaos.round import Round, Verdict
from tests.chaos.schedule import Kind, script_for
from tests.chaos.site import Site, once


@click.command()
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1))
@click.option("--seed", type=int, help="Of the first round; each later one has the next number.  [default: by lot]")
@click.option("--seconds", default=12.0, show_default=True, help="How long strikes fall in each round.")
@click.option("--schemas", default=200, show_default=True, type=click.IntRange(2), help="Tenants per round.")
@click.option("--broker", default="valkey", show_default=True, type=click.Choice(["valkey", "rabbitmq"]))
@click.option("--lease", default=5.0, show_default=True, help="MIGRATOR_LEASE of the workers; their default is 30.")
@click.option("--only", multiple=True, type=click.Choice([kind.value for kind in Kind]), help="Draw no other strikes.")
@click.option("--json", "file", type=click.Path(path_type=Path), help="Write all figures to a file.")
def main(
    rounds: int,
    seed: int | None,
    seconds: float,
    schemas: int,
    broker: str,
    lease: float,
    only: tuple[str, ...],
    file: Path | None,
) -> None:
    """Migrate fleets while their workers and servers are killed, and check each schema afterwards."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that a termination cleans up like a Ctrl-C
    first = secrets.randbelow(1_000_000) if seed is None else seed
    place = Path(tempfile.mkdtemp(prefix="migrator-chaos-"))
    place.chmod(0o755)  # as root the servers have another account
    console, verdicts = Console(width=120, soft_wrap=True), list[Verdict]()
    with Site(place, broker, lease) as site, Crew(site.environment(), place) as crew:
        facts = _facts(site, seconds, lease)
        for number in range(first, first + rounds):
            script = script_for(number, seconds, _kinds(site, crew, only))
            verdicts.append(Round(site, crew, script, schemas).play())
            _tell_round(console, verdicts[-1])
            if verdicts[-1].faults:
                break  # what it left would be found by every later round
    document = as_document(facts, verdicts)
    tell(console, document)
    if file:
        file.write_text(json.dumps(document, indent=2, default=str) + "\n")
    if not (bad := document["failed_rounds"] or document["late_rounds"]):
        shutil.rmtree(place)
        return
    again = f"make chaos ROUNDS=1 SEED={bad[0]} SECONDS={seconds:g} SCHEMAS={schemas} BROKER={broker} LEASE={lease:g}"
    console.print(f"Repeat it with: {again}\nLogs of workers and servers are in {place}")
    sys.exit(1)


def _kinds(site: Site, crew: Crew, only: tuple[str, ...]) -> set[Kind]:
    there = set(Kind) if "rabbitmq" in site.servers else set(Kind) - {Kind.RABBITMQ}
    there &= set(map(Kind, only)) or there
    return there if crew.has("relay") else there - {Kind.RELAY}


def _tell_round(console: Console, verdict: Verdict) -> None:
    kills = ", ".join(hit.kind.value for hit in verdict.hits)
    back = ", then taken back" if verdict.script.rolls_back else ""
    more = f", {verdict.retries} retried by hand" if verdict.retries else ""
    said = "FAILED" if verdict.faults else "ok"
    what = f"{said} in {verdict.seconds:.0f} s{back}{more}"
    console.print(f"{time.strftime('%X')} round {verdict.script.seed}: {what}; {kills}")
    for fault in verdict.faults[:20]:
        console.print(f"  {fault}", markup=False)


def _facts(site: Site, seconds: float, lease: float) -> dict[str, Any]:
    [(version,)] = once(site.control.url(), "SHOW server_version")
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "machine": f"{os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB, {platform.system()}",
        "load at the start": round(os.getloadavg()[0], 1),
        "PostgreSQL": version,
        "Celery": celery.__version__,
        "broker": site.broker,
        "lease": lease,
        "seconds of strikes in each round": seconds,
    }


if __name__ == "__main__":
    main()
