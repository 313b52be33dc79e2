"""``migrator preflight``: whether this is a good moment for a wave, one look per database; nothing is changed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import click

from migrator.cli.checks import as_document, say_checks
from migrator.cli.output import json_option
from migrator.cli.targets import MOST_AT_ONCE
from migrator.model.check import Check
from migrator.model.preflight import Needs
from migrator.model.target import Database, Target
from migrator.schema.preflight import APPLICATION
from migrator.schema.preflight import preflight as looked
from migrator.schema.session import open_session
from tasks import desk
from tasks.wanted import wanted_targets


@click.command()
@click.option("--database", "names", multiple=True, help="Only this database; may be given several times.")
@json_option
def preflight(names: tuple[str, ...], as_json: bool) -> None:
    """Ask every database whether this is a good moment for a wave; changes nothing.

    Ends with 3 when a check of one says stop.

    Example: migrator preflight --database eu-1
    """
    targets, known = wanted_targets("all", names or None)
    databases = [known[id_] for id_ in sorted(known) if not names or id_ in names]
    with ThreadPoolExecutor(max_workers=MOST_AT_ONCE) as pool:
        found = list(pool.map(lambda database: _look(database, targets), databases))
    checks = {database.id: one for database, one in zip(databases, found, strict=True)}
    say_checks(as_json, checks, {"databases": [as_document(id_, one) for id_, one in checks.items()]})


def _look(database: Database, targets: list[Target]) -> tuple[Check, ...]:
    schemas = tuple(target.schema_name for target in targets if target.database_id == database.id)
    needs = Needs(schemas, lanes=min(desk.budget(database).bulk, max(len(schemas), 1)))
    return looked(lambda: open_session(database, APPLICATION, desk.access()), needs, desk.preflight_limits())
