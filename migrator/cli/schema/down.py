"""``migrator schema down``."""

from __future__ import annotations

from typing import Any

import click
from rich.console import Console

from migrator.cli.output import say
from migrator.cli.schema.where import Where, one_schema
from migrator.errors import UnknownSchema, UnknownVersion
from migrator.folder.as_sql import as_sql
from migrator.folder.way_back import WaysBack
from migrator.model.folder import Folder
from migrator.model.migration import Migration
from migrator.model.version import Version
from migrator.model.way_back import Strategy
from migrator.schema import history
from migrator.schema.back import Since, to_undo
from migrator.schema.engine import Engine
from migrator.schema.pending import pending
from migrator.watch.progress import spoken_seconds

THE_BEGINNING = "0"


@click.command()
@one_schema
@click.option("--to", required=True, help=f"The version to go back to; {THE_BEGINNING} takes everything back.")
@click.option(
    "--strategy",
    type=click.Choice([each.value for each in Strategy]),
    default=Strategy.AUTO.value,
    show_default=True,
    help="auto: the undo script, else a certain inverse.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be run; change nothing.")
@click.option("--tenant-id", help="For ${tenant_id} in a folder with placeholders.")
def down(where: Where, as_json: bool, to: str, strategy: str, dry_run: bool, tenant_id: str | None) -> None:
    """Take back, newest first, what was applied above a version; refused as a whole when one step has no way back.

    A way back is an undo script, or else an inverse derived from the SQL where it is certain. Repeatable migrations
    that were applied after the first of these versions are taken back too, and are pending then.

    Example: migrator schema down --url postgresql://localhost/shop --schema acme --folder migrations/tenant --to 12
    """
    read = where.read_folder()
    since, ways = Since(_known(read, to)), WaysBack(read, Strategy(strategy))
    with where.session() as session:
        if dry_run:
            past = history.read(session, where.table)
            if not history.schema_exists(session, where.table):
                raise UnknownSchema(database=session.database_id, schema=where.schema)
            _say_plan(where, as_json, to_undo(read, past.rows, where.schema, since, ways))
            return
        change = Engine(read, where.rules).undo(session, where.schema, since, ways, tenant_id)
        left = pending(read, history.read(session, where.table).rows, where.schema, since.version)
    repeatable = [migration.script for migration in left if migration.version is None]
    document = {
        "schema": where.schema,
        "from_version": change.from_version,
        "version": change.to_version,
        "undone": list(change.applied),
        "without_effect": list(change.without_effect),
        "pending_repeatable": repeatable if since.version else [],
        "seconds": round(change.seconds, 3),
    }
    say(as_json, document, lambda console: _show(console, document, change.seconds))


def _known(read: Folder, to: str) -> Version | None:
    if to == THE_BEGINNING:
        return None
    wanted = read.version_named(to)
    if read.find(wanted) is None and all(m.version != wanted for m in read.baselines):
        raise UnknownVersion(version=wanted, path=read.path, latest=read.latest)
    return wanted


def _say_plan(where: Where, as_json: bool, todo: list[Migration]) -> None:
    memo: dict[Any, Any] = {}
    steps = [{"script": m.script, "derived": m.is_derived, "sql": as_sql(m, memo)} for m in todo]
    document = {"schema": where.schema, "dry_run": True, "steps": steps}

    def show(console: Console) -> None:
        console.print(f"dry run: {len(todo)} scripts would be run in schema {where.schema}; nothing was changed")
        for step in steps:
            console.print(f"-- {step['script']}\n{step['sql']}", markup=False)

    say(as_json, document, show)


def _show(console: Console, document: dict[str, Any], seconds: float) -> None:
    at = f"at version {document['version']}" if document["version"] else "as fresh as before its first migration"
    took = spoken_seconds(seconds)
    console.print(f"schema {document['schema']} is {at}, {len(document['undone'])} scripts took it back in {took}")
    for script in document["without_effect"]:
        console.print(f"  changed nothing in this schema: {script}", markup=False)
    for script in document["pending_repeatable"]:
        console.print(f"  taken back and pending: {script}", markup=False)
