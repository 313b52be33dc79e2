"""``migrator schema``: one schema, directly; no broker and no control database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.console import Console

from migrator.cli.output import json_option, say
from migrator.folder import read_folder
from migrator.model.identifier import checked_schema_name
from migrator.model.migration import scripts
from migrator.model.target import Scope
from migrator.model.version import Version
from migrator.schema import history
from migrator.schema.engine import Change, Engine
from migrator.schema.history import DEFAULT_TABLE, HistoryTable
from migrator.schema.pending import pending, read_history
from migrator.schema.rules import Rules
from migrator.schema.session import open_url
from migrator.watch.progress import spoken_seconds

_where = [
    click.option("--url", required=True, help="The database, as a libpq URL."),
    click.option("--schema", "name", required=True, help="The schema; made when it is not there."),
    click.option("--folder", type=click.Path(path_type=Path), required=True, help="The migration folder."),
    click.option(
        "--scope",
        type=click.Choice([scope.value for scope in Scope]),
        default="tenant",
        show_default=True,
        callback=lambda _context, _option, value: Scope(value),
        help="A tenant's migrations may change no other schema.",
    ),
    click.option("--history-table", default=DEFAULT_TABLE, show_default=True, help="The table inside the schema."),
    json_option,
]


def _options(command: Any) -> Any:
    for option in reversed(_where):
        command = option(command)
    return command


@click.group()
def schema() -> None:
    """One schema of one database, directly: no broker, no control database."""


@schema.command()
@_options
@click.option("--to", help="Stop at this version.")
@click.option("--tenant-id", help="For ${tenant_id} in a folder with placeholders.")
def up(
    url: str,
    name: str,
    folder: Path,
    scope: Scope,
    history_table: str,
    as_json: bool,
    to: str | None,
    tenant_id: str | None,
) -> None:
    """Apply what is pending.

    Example: migrator schema up --url postgresql://localhost/shop --schema tenant_acme --folder migrations/tenant
    """
    checked_schema_name(name)
    read = read_folder(folder, scope=scope)
    engine = Engine(read, Rules(history_table=history_table), to=Version(to) if to else None)
    session = open_url(url)
    try:
        change = engine.migrate(session, name, tenant_id)
    finally:
        session.close()
    document = {
        "schema": name,
        "from_version": change.from_version,
        "version": change.to_version,
        "applied": list(change.applied),
        "without_effect": list(change.without_effect),
        "seconds": round(change.seconds, 3),
    }
    said = f"schema {name} is at version {change.to_version}, {len(change.applied)} migrations applied"
    say(as_json, document, lambda console: _show_change(console, f"{said} in {spoken_seconds(change.seconds)}", change))


@schema.command()
@_options
def status(url: str, name: str, folder: Path, scope: Scope, history_table: str, as_json: bool) -> None:
    """What is applied and what is pending; changes nothing.

    Example: migrator schema status --url postgresql://localhost/shop --schema tenant_acme --folder migrations/tenant
    """
    table = HistoryTable(checked_schema_name(name), history_table)
    read = read_folder(folder, scope=scope)
    session = open_url(url)
    try:
        past = history.read(session, table)
    finally:
        session.close()
    latest = read_history(past.rows, name).latest
    todo = scripts(pending(read, past.rows, name))
    document = {
        "schema": name,
        "version": str(latest) if latest else None,
        "applied": [row.script for row in past.rows],
        "pending": list(todo),
    }
    say(as_json, document, lambda console: _show_status(console, document))


def _show_change(console: Console, said: str, change: Change) -> None:
    console.print(said)
    for script in change.without_effect:
        console.print(f"  changed nothing in this schema: {script}", markup=False)


def _show_status(console: Console, document: dict[str, Any]) -> None:
    at = f"at version {document['version']}" if document["version"] else "fresh"
    pending_ = document["pending"]
    console.print(f"schema {document['schema']} is {at}, {len(document['applied'])} applied, {len(pending_)} pending")
    for script in pending_:
        console.print(f"  pending  {script}")
