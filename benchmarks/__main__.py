"""``python -m benchmarks``: measures, prints the table, and fails when the lanes did not do the same work."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from benchmarks.calibrate import calibrate
from benchmarks.limit import Limit
from benchmarks.machine import machine_facts
from benchmarks.newcomer import Newcomer, measure
from benchmarks.ours import Ours
from benchmarks.processor import Meter
from benchmarks.rounds import Sample, play, play_round
from benchmarks.shop import Lane, WorkDiffers
from benchmarks.stage import temporary_home, workers_on
from benchmarks.table import as_document, as_markdown, summed_up
from benchmarks.watching import Watching, watch
from benchmarks.with_alembic import WithAlembic
from benchmarks.workers import WorkersFailed
from migrator.local import LocalServices

WARM_UP_SCHEMAS = 4


@click.command()
@click.option("--schemas", default=200, show_default=True, type=click.IntRange(1), help="Tenants per fleet.")
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1), help="How often each work is measured.")
@click.option("--lanes", type=click.IntRange(1), help="Connections, instead of the number found to be fastest.")
@click.option("--json", "file", type=click.Path(path_type=Path), help="Write facts, rows and samples to a file.")
@click.option("--smoke", is_flag=True, help="Only check that all lanes do the same work: small, quick, no claims.")
def main(schemas: int, rounds: int, lanes: int | None, file: Path | None, smoke: bool) -> None:
    """Compare us with Alembic and with the bare driver on embedded services."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that a termination cleans up like a Ctrl-C
    if smoke:
        schemas, rounds, lanes = 8, 1, lanes or 2
    try:
        facts, samples = _measure(schemas, rounds, lanes, durable=not smoke)
        watched = _watched(2 if smoke else 60, durable=not smoke)
        newcomers = _newcomers(((20, 1), (40, 1)) if smoke else ((20, 25), (200, 15)), durable=not smoke)
    except (WorkDiffers, WorkersFailed) as error:
        raise click.ClickException(str(error)) from None
    rows = summed_up(samples, schemas)
    click.echo(as_markdown(facts, rows, schemas))
    click.echo("\n" + "\n\n".join(newcomer.as_markdown() for newcomer in newcomers))
    click.echo("\n" + "\n\n".join(found.as_markdown() for found in watched))
    click.echo(f"\nAll lanes did the same work.{' Too little to read anything into the times.' if smoke else ''}")
    if file:
        file.write_text(json.dumps(as_document(facts, rows, samples), indent=2) + "\n")


def _measure(schemas: int, rounds: int, lanes: int | None, *, durable: bool) -> tuple[dict[str, Any], list[Sample]]:
    with temporary_home() as home, LocalServices(home / "services", durable=durable) as services:
        facts = machine_facts(services.postgres)
        _say("starting" if lanes else "calibrating")
        found = {} if lanes else calibrate(services.postgres, max(schemas // 5, 4))
        connections = lanes or min(found, key=lambda many: found[many])
        timed = ", ".join(f"{many}: {seconds:.2f} s" for many, seconds in found.items()) or "not calibrated"
        facts |= {"tenants": schemas, "rounds": rounds, "connections": f"{connections} ({timed})"}
        return facts, _samples(services, home, connections, rounds, schemas)


def _watched(turns: int, *, durable: bool) -> list[Watching]:
    _say("watching")
    with temporary_home() as home, LocalServices(home / "services", durable=durable) as services:
        return watch(services, home, turns)


def _newcomers(sizes: Sequence[tuple[int, int]], *, durable: bool) -> list[Newcomer]:
    """By number of migrations and of turns."""
    with temporary_home() as home, LocalServices(home / "services", durable=durable) as services:
        return [measure(services.postgres, home, migrations, turns) for migrations, turns in sizes]


def _samples(services: LocalServices, home: Path, connections: int, rounds: int, schemas: int) -> list[Sample]:
    postgres, valkey = services.postgres, services.valkey
    with workers_on(services, home, connections) as (workers, folder):
        limit, alembic = Limit(postgres, connections), WithAlembic(postgres, home / "alembic")
        lanes: list[Lane] = [limit, Ours(postgres, workers, folder), alembic]
        here, apart = Meter(_pid(postgres.pid), []), Meter(_pid(postgres.pid), [*workers.pids, _pid(valkey.pid)])
        meters = {limit.name: here, alembic.name: here, Ours.name: apart}
        _say("warming up")
        list(play_round(postgres, lanes, meters, 0, WARM_UP_SCHEMAS))
        return [_said(sample, schemas) for sample in play(postgres, lanes, meters, rounds, schemas)]


def _pid(pid: int | None) -> int:
    if pid is None:
        raise click.ClickException("a server has ended")
    return pid


def _said(sample: Sample, schemas: int) -> Sample:
    each = sample.wall * 1000 / schemas
    _say(f"round {sample.round}  {sample.work.named:<22} {sample.lane:<8} {each:8.2f} ms per tenant")
    return sample


def _say(progress: str) -> None:
    click.echo(progress, err=True)


if __name__ == "__main__":
    main()
