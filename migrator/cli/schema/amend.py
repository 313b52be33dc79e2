"""``migrator schema baseline`` and ``repair``: a history is written without running a script."""

from __future__ import annotations

import click
from rich.console import Console

from migrator.cli.output import say
from migrator.cli.schema.where import Where, one_schema
from migrator.model.version import Version
from migrator.schema import baseline as baselining
from migrator.schema.repair import repair as repaired


@click.command()
@one_schema
@click.option("--at", "version", required=True, help="The version that the schema has already.")
@click.option("--description", default=baselining.DESCRIPTION, help="For the row in its history.")
def baseline(where: Where, as_json: bool, version: str, description: str) -> None:
    """Declare that a schema which exists is at a version already; only what is newer will be applied.

    Example: migrator schema baseline --url postgresql://localhost/shop --schema acme --folder migrations/tenant --at 7
    """
    at, read = Version(version), where.read_folder()
    with where.session() as session:
        written = baselining.baseline(where.visit(session), read, at, description)
    document = {"schema": where.schema, "version": str(at), "written": written}
    said = "was declared to be" if written else "had been declared to be"
    say(as_json, document, lambda console: console.print(f"schema {where.schema} {said} at version {at}"))


@click.command()
@one_schema
def repair(where: Where, as_json: bool) -> None:
    """Make a history fit its folder again: failed rows go, checksums are those of the files, missing files are marked.

    Runs no script: what a failed, changed or missing migration did to the schema stays as it is.

    Example: migrator schema repair --url postgresql://localhost/shop --schema tenant_acme --folder migrations/tenant
    """
    read = where.read_folder()
    with where.session() as session:
        done = repaired(where.visit(session), read)
    say(as_json, {"schema": where.schema, "repairs": done}, lambda console: _show(console, where.schema, done))


def _show(console: Console, schema: str, done: list[str]) -> None:
    console.print(f"{len(done)} repairs to the history of schema {schema}" if done else "there was nothing to repair")
    for sentence in done:
        console.print(f"  {sentence}", markup=False)
