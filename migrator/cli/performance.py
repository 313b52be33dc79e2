"""``migrator performance``: what an execution cost, or one migration in all of them."""

from __future__ import annotations

import click

from migrator.cli.control import store
from migrator.cli.output import json_option, say, say_table
from migrator.fleet import ledger
from migrator.watch.performance import performance_of, runs_of, sentences, spoken, spoken_bytes


@click.command()
@click.argument("execution_id", metavar="[ID]", required=False)
@click.option("--migration", help="All runs of one migration instead, by its file or its version.")
@json_option
def performance(execution_id: str | None, migration: str | None, as_json: bool) -> None:
    """What an execution cost, the latest one unless an ID is given: by database, by migration, the slowest targets.

    Each migration is compared with its last runs. Bytes of log are those of the whole server meanwhile.

    Example: migrator performance --migration 21
    """
    if migration is not None:
        _tell_runs(migration, as_json)
        return
    with store().begin() as connection:
        latest = ledger.executions(connection, 1) if execution_id is None else ()
        id_ = latest[0].id if latest else execution_id
        if id_ is None:
            raise click.UsageError("there are no executions yet; 'migrator migrate' starts one")
        ledger.execution(connection, id_)
        found = performance_of(connection, id_)
    lines = sentences(found, most=50) or ["  nothing was measured yet"]
    say(as_json, {"execution": id_, **found}, lambda console: console.print("\n".join([id_, *lines]), markup=False))


def _tell_runs(migration: str, as_json: bool) -> None:
    with store().begin() as connection:
        found = runs_of(connection, migration)
    if as_json:
        say(as_json, {"migration": migration, "runs": found}, lambda _: None)
        return
    headings = ("execution", "at", "script", "database", "targets", "least", "median", "most", "rows", "log")
    rows = (
        (
            each["execution"],
            each["at"][:16],
            each["script"],
            each["database"],
            each["count"],
            *(spoken(each[name]) for name in ("least", "median", "most")),
            each["rows"],
            None if each["wal"] is None else spoken_bytes(each["wal"]),
        )
        for each in found
    )
    say_table(False, headings, rows, f"no execution has applied {migration} yet, or it was not measured")
