"""``migrator status``: the fleet at a glance, one query per database."""

from __future__ import annotations

from collections import Counter
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from migrator.cli.control import store
from migrator.cli.output import json_option, say
from migrator.errors import MigratorError
from migrator.fleet import breakers, registry
from migrator.model.history import is_current
from migrator.model.target import Database, Scope, Target
from migrator.schema.marks import read_marks
from migrator.schema.session import session_on
from tasks import desk


@click.command()
@json_option
def status(as_json: bool) -> None:
    """Which versions the fleet is at, and how many targets hold each; changes nothing.

    Example: migrator status --json
    """
    with store().begin() as connection:
        databases = registry.databases(connection)
        targets = registry.targets(connection, Scope, own_schema=desk.settings().own_schema)
        shut = {id_: f"{row.state} since {row.at:%H:%M:%S}" for id_, row in breakers.not_closed(connection).items()}
    rows = [
        _row(database, [t for t in targets if t.database_id == database.id]) | {"breaker": shut.get(database.id)}
        for database in databases
    ]
    say(as_json, {"databases": rows}, lambda console: _show(console, rows))


def _row(database: Database, targets: list[Target]) -> dict[str, Any]:
    row: dict[str, Any] = {"database": database.id, "kind": database.kind.value, "targets": len(targets)}
    try:
        folder = desk.folder(database.kind.scope)
        with session_on(database, "migrator status", desk.access()) as session:
            marks = read_marks(session, desk.settings().history_table)
    except MigratorError as error:
        return row | {"versions": {}, "behind": None, "error": str(error)}
    held = {target.schema_name: marks.get(target.schema_name) for target in targets}
    versions = Counter((mark.version or "fresh") if mark else "none" for mark in held.values())
    behind = sum(not is_current(mark, folder, None) for mark in held.values())
    newest = str(folder.latest) if folder.latest else None
    return row | {"newest": newest, "versions": dict(versions), "behind": behind, "error": None}


def _show(console: Console, rows: list[dict[str, Any]]) -> None:
    if not rows:
        console.print("no database is registered; 'migrator database add' registers one")
        return
    table = Table("database", "kind", "targets", "behind", "versions", box=None, pad_edge=False, header_style="bold")
    for row in rows:
        held = ", ".join(f"{count} at {version}" for version, count in sorted(row["versions"].items()))
        behind = "?" if row["behind"] is None else str(row["behind"])
        said = (f"breaker {row['breaker']}; " if row["breaker"] else "") + (row["error"] or held)
        table.add_row(row["database"], row["kind"], str(row["targets"]), behind, escape(said))
    console.print(table)
