"""``migrator schema``: one schema of one database, directly; no broker and no control database."""

from __future__ import annotations

import click

from migrator.cli.lazy import lazy_group
from migrator.cli.summaries import SUMMARIES

COMMANDS = {
    "baseline": "migrator.cli.schema.amend:baseline",
    "diff": "migrator.cli.schema.fingerprint:diff",
    "down": "migrator.cli.schema.down:down",
    "fingerprint": "migrator.cli.schema.fingerprint:fingerprint",
    "preflight": "migrator.cli.schema.preflight:preflight",
    "repair": "migrator.cli.schema.amend:repair",
    "snapshot": "migrator.cli.schema.snapshot:snapshot",
    "status": "migrator.cli.schema.status:status",
    "up": "migrator.cli.schema.up:up",
    "validate": "migrator.cli.schema.status:validate",
}


@click.group(cls=lazy_group(COMMANDS, SUMMARIES.get("migrator schema")))
def schema() -> None:
    """One schema of one database, directly: no broker, no control database."""
