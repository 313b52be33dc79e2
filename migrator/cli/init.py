"""``migrator init``: the control database, migrated by our own engine from our own folder."""

from __future__ import annotations

import click

from migrator.cli.output import json_option, say
from migrator.fleet import MIGRATIONS, SCHEMA
from migrator.folder import read_folder
from migrator.schema.engine import Change, Engine
from migrator.schema.rules import Rules
from migrator.schema.session import open_url


@click.command()
@json_option
def init(as_json: bool) -> None:
    """Create the control schema, or upgrade it to this release; doing it twice changes nothing.

    Example: MIGRATOR_CONTROL_URL=postgresql://localhost/migrator migrator init
    """
    from tasks import desk

    url = desk.required(desk.settings().control_url, "the control database", "MIGRATOR_CONTROL_URL")
    change = upgrade_control_schema(url)
    document = {"version": change.to_version, "applied": list(change.applied)}
    said = f"the control schema is at version {change.to_version}, {len(change.applied)} migrations applied"
    say(as_json, document, lambda console: console.print(said))


def upgrade_control_schema(url: str) -> Change:
    """Bring the control database to this release's version; what users do to their schemas we do to ours."""
    session = open_url(url.replace("postgresql+psycopg2://", "postgresql://"), "migrator init")
    try:
        return Engine(read_folder(MIGRATIONS), Rules(shared_schemas=())).migrate(session, SCHEMA)
    finally:
        session.close()
