"""``migrator doctor``: everything that has to be right before a fleet can be migrated, and what to do otherwise."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import click
from rich.console import Console

from migrator.cli.output import counted, json_option, person_console, say
from migrator.errors import EXIT_BAD_INPUT
from migrator.model.check import Check, Verdict

Area = tuple[str, Callable[[], Iterator[Check]]]
_STYLES = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.STOP: "bold red"}
_MARKS = {Verdict.OK: "ok", Verdict.WARN: "warn", Verdict.STOP: "STOP"}


@click.command()
@click.option("--database", "names", multiple=True, help="Of the databases only this one; may be given several times.")
@json_option
def doctor(names: tuple[str, ...], as_json: bool) -> None:
    """Check everything that a fleet needs before it can be migrated, and say what is wrong and what to do.

    Looked at are Python and packages, settings and secrets, migration folders and lint, control database, broker and
    result backend, Celery's settings, workers, the registered databases, and snapshots. Changes nothing. Ends with 2
    when something has to be mended before anything can be migrated; warnings alone are 0.

    Example: migrator doctor --json
    """
    found = []
    console = None if as_json else person_console()
    for area, examine in _areas(names):
        checks = list(examine())
        found.append((area, checks))
        if console is not None:
            show_area(console, area, checks)
    say(as_json, document(found), lambda console: console.print(_summary(found), markup=False))
    if not document(found)["ok"]:
        sys.exit(EXIT_BAD_INPUT)


def _areas(names: tuple[str, ...]) -> Iterator[Area]:
    """In the order in which one thing needs the other; what cannot be asked without settings is left out."""
    from migrator.cli.doctor import celery_settings, databases, folders, installation, services

    yield "installation", installation.packages
    settings = installation.Settings()
    yield "settings", settings.checks
    if settings.found is None:
        return
    chosen = settings.found
    yield "secrets", lambda: installation.secrets(chosen)
    yield "folders", lambda: folders.folders(chosen)
    yield "control database", services.control
    yield "broker", services.broker
    yield "celery", celery_settings.celery
    yield "workers", services.workers
    yield "databases", lambda: databases.databases(names)
    yield "snapshots", databases.snapshots


def document(found: list[tuple[str, list[Check]]]) -> dict[str, Any]:
    """All of it, for a program."""
    rows = [{"area": area, **check.as_row()} for area, checks in found for check in checks]
    counts = {verdict.value: sum(row["verdict"] == verdict for row in rows) for verdict in Verdict}
    return {"ok": not counts["stop"], "counts": counts, "checks": rows}


def show_area(console: Console, area: str, checks: list[Check]) -> None:
    """What was found in one area, as soon as it is known."""
    console.print(area, style="bold", markup=False)
    for check in checks:
        console.print(f"  {_MARKS[check.verdict]:<5}", style=_STYLES[check.verdict], end="")
        console.print(f"{check.name}: {check.sentence}", markup=False)
        if check.advice:
            console.print(f"       {check.advice}", style="dim", markup=False)


def _summary(found: list[tuple[str, list[Check]]]) -> str:
    counts = document(found)["counts"]
    said = f"{counts['ok']} checks are fine, {counted(counts['warn'], 'warning')}, {counts['stop']} to be mended"
    return said + ("" if counts["stop"] else ": a fleet can be migrated from here")
