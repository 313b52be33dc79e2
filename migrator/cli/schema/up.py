"""``migrator schema up``."""

from __future__ import annotations

import click
from rich.console import Console

from migrator.cli.output import say
from migrator.cli.schema.where import Where, one_schema
from migrator.schema.engine import Change, Engine
from migrator.watch.progress import spoken_seconds


@click.command()
@one_schema
@click.option("--to", help="Stop at this version, or revision of Alembic's.")
@click.option("--tenant-id", help="For ${tenant_id} in a folder with placeholders.")
def up(where: Where, as_json: bool, to: str | None, tenant_id: str | None) -> None:
    """Apply what is pending; the schema is made when it is not there.

    Example: migrator schema up --url postgresql://localhost/shop --schema tenant_acme --folder migrations/tenant
    """
    read = where.read_folder()
    engine = Engine(read, where.rules, to=read.version_named(to) if to else None)
    with where.session() as session:
        change = engine.migrate(session, where.schema, tenant_id)
    document = {
        "schema": where.schema,
        "from_version": change.from_version,
        "version": change.to_version,
        "applied": list(change.applied),
        "without_effect": list(change.without_effect),
        "seconds": round(change.seconds, 3),
    }
    say(as_json, document, lambda console: _show(console, change))


def _show(console: Console, change: Change) -> None:
    said = f"schema {change.schema} is at version {change.to_version}, {len(change.applied)} migrations applied"
    console.print(f"{said} in {spoken_seconds(change.seconds)}")
    for script in change.without_effect:
        console.print(f"  changed nothing in this schema: {script}", markup=False)
