"""``migrator schema preflight``: whether this is a good moment to migrate one schema; nothing is changed."""

from __future__ import annotations

import click

from migrator.cli.checks import as_document, say_checks
from migrator.cli.schema.where import Where, one_schema_without_folder
from migrator.model.preflight import Needs
from migrator.schema.preflight import APPLICATION
from migrator.schema.preflight import preflight as looked
from migrator.schema.session import database_at, open_url


@click.command()
@one_schema_without_folder
@click.option("--lanes", type=click.IntRange(1), default=1, show_default=True, help="Connections that will be opened.")
def preflight(where: Where, as_json: bool, lanes: int) -> None:
    """Ask whether this is a good moment to migrate: locks, connections, replicas, leftovers; changes nothing.

    Ends with 3 when something says stop; the setting preflight_limits says from where on.

    Example: migrator schema preflight --url postgresql://localhost/shop --schema tenant_acme
    """
    from tasks import desk

    needs, limits = Needs((where.schema,), lanes), desk.preflight_limits()
    checks = looked(lambda: open_url(where.url, APPLICATION), needs, limits)
    database = database_at(where.url).id
    say_checks(as_json, {database: checks}, as_document(database, checks))
