"""``migrator init``: the control database, migrated by our own engine from our own folder."""

from __future__ import annotations

import click

from migrator.cli.output import json_option, say
from migrator.fleet import MIGRATIONS, SCHEMA
from migrator.folder import read_folder
from migrator.schema.engine import Engine
from migrator.schema.rules import Rules
from migrator.schema.session import open_url
from tasks import desk


@click.command()
@json_option
def init(as_json: bool) -> None:
    """Create the control schema, or upgrade it to this release; doing it twice changes nothing.

    Example: MIGRATOR_CONTROL_URL=postgresql://localhost/migrator migrator init
    """
    url = desk.required(desk.settings().control_url, "the control database", "MIGRATOR_CONTROL_URL")
    session = open_url(url.replace("postgresql+psycopg2://", "postgresql://"), "migrator init")
    try:
        change = Engine(read_folder(MIGRATIONS), Rules(shared_schemas=())).migrate(session, SCHEMA)
    finally:
        session.close()
    document = {"version": change.to_version, "applied": list(change.applied)}
    said = f"the control schema is at version {change.to_version}, {len(change.applied)} migrations applied"
    say(as_json, document, lambda console: console.print(said))
