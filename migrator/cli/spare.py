"""``migrator spare``: the schemas that stand ready for new tenants."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Any

import click
from rich.console import Console

from migrator.cli.control import store
from migrator.cli.output import counted, json_option, note, say, say_table
from migrator.cli.snapshots import yes_option
from migrator.errors import EXIT_FAILED, EXIT_REFUSED, MigratorError
from migrator.fleet import registry
from migrator.fleet import spares as pool
from migrator.model.spare import told_state
from migrator.model.target import Scope
from tasks import desk
from tasks.pool import PoolTaken, Tended, state_of, tend
from tasks.shift import NoSlot
from tasks.spares import standard

HEADINGS = ("database", "schema", "state", "version", "since", "reason")


@click.group()
def spare() -> None:
    """Schemas that are made before anybody needs them, and renamed when a tenant comes."""


@spare.command("list")
@click.option("--database", help="Only those of this database.")
@json_option
def list_spares(database: str | None, as_json: bool) -> None:
    """List the spares of each database, and why there are none or too few.

    Example: migrator spare list --json
    """
    digest = _digest()
    with store().begin() as connection:
        found, pools = pool.listed(connection, database), pool.pools(connection, standard(), database)
    ready: dict[str, int] = {}
    rows = []
    for row in found:
        state = told_state(pool.as_spare(row), digest)
        ready[row.database_id] = ready.get(row.database_id, 0) + (state == "ready")
        rows.append((row.database_id, row.schema_name, state, row.version, row.changed_at, row.reason))
    if as_json:
        document = {
            "pools": [_pool(each, ready.get(each.database_id, 0)) for each in pools],
            "spares": [dict(zip(HEADINGS, row, strict=True)) for row in rows],
        }
        say(True, document, lambda console: None)
        return
    for each in pools:
        said = f"database {each.database_id}: {ready.get(each.database_id, 0)} of {each.wanted} spares are ready"
        note(said + (f"; {each.refusal}" if each.refusal else ""))
    say_table(False, HEADINGS, rows, "there is no spare; 'migrator database set ID --spares N' asks for some")


@spare.command()
@click.argument("database_id", metavar="DATABASE")
@json_option
def fill(database_id: str, as_json: bool) -> None:
    """Bring a database's spares to the number that is wanted, here and now; ends with 1 when that was not possible.

    Example: migrator spare fill eu-1
    """
    done = _tended(database_id)
    _say(done, as_json)
    if done.refusal:
        sys.exit(EXIT_FAILED)


@spare.command()
@click.argument("database_id", metavar="DATABASE")
@yes_option
@json_option
def drop(database_id: str, yes: bool, as_json: bool) -> None:
    """Drop a database's spares; workers make new ones, unless none are wanted any more.

    Example: migrator database set eu-1 --spares 0 && migrator spare drop eu-1
    """
    with store().begin() as connection:
        registry.find_database(connection, database_id)
        count = len(pool.spares(connection, database_id))
    if not yes:
        click.confirm(f"drop {counted(count, 'spare')} of database {database_id}?", abort=True, err=True)
    _say(_tended(database_id, most=0), as_json)


def _tended(database_id: str, **more: Any) -> Tended:
    try:
        return tend(database_id, **more)
    except PoolTaken:
        note(f"a worker is looking after the spares of database {database_id} at this moment; try again")
    except NoSlot:
        note(f"all lanes of database {database_id} are taken; try again, or give it more")
    sys.exit(EXIT_REFUSED)


def _say(done: Tended, as_json: bool) -> None:
    def show(console: Console) -> None:
        said = f"database {done.database}: {done.ready} of {done.wanted} spares are ready"
        more = [f"{number} {what}" for what in ("made", "forwarded", "dropped") if (number := getattr(done, what))]
        console.print("; ".join([said, *more, *([done.refusal] if done.refusal else [])]), markup=False)

    say(as_json, asdict(done), show)


def _pool(row: Any, ready: int) -> dict[str, Any]:
    return {"database": row.database_id, "wanted": row.wanted, "ready": ready, "refusal": row.refusal}


def _digest() -> str | None:
    """Of the folder as it is here; without one nothing can be said to be behind."""
    try:
        return state_of(desk.folder(Scope.TENANT))
    except MigratorError:
        return None
