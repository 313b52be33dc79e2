"""``migrator rehearse``: what is pending, tried out in clones. Needs neither workers nor broker."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click
from rich.console import Console

from migrator.cli import check as shown
from migrator.cli.output import counted, say
from migrator.cli.rollout import label_option
from migrator.cli.targets import Wanted, choosing_targets
from migrator.errors import EXIT_FAILED
from migrator.model.rehearsal import Rehearsal, Rehearsed, representatives
from migrator.model.target import Target
from migrator.watch.progress import spoken_seconds
from tasks import desk
from tasks.checking import Checked, check
from tasks.forecast import forecast
from tasks.rehearsing import rehearsals
from tasks.staging import staged
from tasks.survey import folders_for
from tasks.wanted import wanted_targets

Done = Sequence[tuple[Target, Rehearsal]]


@click.command()
@choosing_targets
@click.option("--to", help="Stop at this version; needs --scope.")
@label_option
@click.option("--tenants", "most", type=click.IntRange(1), default=3, show_default=True, help="Clones of each scope.")
def rehearse(wanted: Wanted, to: str | None, labels: dict[str, str], most: int, as_json: bool) -> None:
    """Apply what is pending to clones without rows, take it back, apply it again; and check every target's names.

    Rehearsed are the largest, the smallest and odd targets, in scratch schemas that are dropped in the end. Told are
    the locks that each migration takes, tables that it writes anew, and whether its way back is exact. Ends with 1
    when a rehearsal failed, a way back was not exact, or a name that would be made is there already.

    Example: migrator rehearse --scope tenant --tenants 5
    """
    if to and wanted.scope == "all":
        raise click.UsageError("--to needs --scope: versions of different scopes have nothing in common")
    checked, done = _rehearsed(wanted, to, labels, most)
    said = {"rehearsals": [_rehearsal(*each) for each in done], "check": shown.document(checked)}
    say(as_json, said, lambda console: _show(console, said))
    if checked.collisions or checked.silent or not all(rehearsal.is_fine for _, rehearsal in done):
        sys.exit(EXIT_FAILED)


def _rehearsed(wanted: Wanted, to: str | None, labels: Mapping[str, str], most: int) -> tuple[Checked, Done]:
    chosen = (wanted.databases or None, wanted.schemas or None, wanted.tenants or None)
    targets, databases = wanted_targets(wanted.scope, *chosen, labels)
    folders = folders_for(targets)
    version = desk.known_version(wanted.scope, to) if to else None
    checked = check(forecast(staged(targets, databases, folders, version), databases, folders), databases)
    some = representatives(checked.candidates, most)
    return checked, list(rehearsals(some, databases, folders, version))


def _rehearsal(target: Target, rehearsal: Rehearsal) -> dict[str, Any]:
    return {
        "database": target.database_id,
        "schema": target.schema_name,
        "tenant": target.tenant_id,
        "fine": rehearsal.is_fine,
        "failure": rehearsal.failure,
        "migrations": [_migration(each) for each in rehearsal.migrations],
        "again": list(rehearsal.again),
    }


def _migration(each: Rehearsed) -> dict[str, Any]:
    return {
        "script": each.script,
        "seconds": round(each.seconds, 4),
        "locks": [{"relation": lock.relation, "mode": lock.mode.value} for lock in each.locks],
        "rewrites": list(each.rewrites),
        "way_back": each.way_back,
        "obstacle": each.obstacle,
        "differences": list(each.differences),
    }


def _show(console: Console, said: Mapping[str, Any]) -> None:
    if not said["rehearsals"]:
        console.print("nothing is pending, so nothing was rehearsed")
    for each in said["rehearsals"]:
        what = counted(len(each["migrations"]), "migration")
        console.print(f"{each['database']}/{each['schema']}: {what} in a clone", style="bold", markup=False)
        for migration in each["migrations"]:
            _show_migration(console, migration)
        if each["failure"]:
            console.print(f"  {each['failure']}", style="red", markup=False)
        for line in each["again"]:
            console.print(f"  not as before after back and forward again: {line}", style="red", markup=False)
    shown.show(console, said["check"])


def _show_migration(console: Console, migration: Mapping[str, Any]) -> None:
    console.print(f"  {migration['script']}  {spoken_seconds(migration['seconds'])} without rows", markup=False)
    for lock in migration["locks"]:
        console.print(f"      locks {lock['relation']}: {lock['mode']}", style="yellow", markup=False)
    for table in migration["rewrites"]:
        console.print(f"      writes {table} anew", style="yellow", markup=False)
    if migration["way_back"] and not migration["differences"]:
        console.print(f"      taken back by its {migration['way_back']}, as it was before", style="dim")
    for line in migration["differences"]:
        text = f"      taken back by its {migration['way_back']} and not as before: {line}"
        console.print(text, style="red", markup=False)
    if migration["obstacle"]:
        console.print(f"      not taken back: {migration['obstacle']}", style="yellow", markup=False)
