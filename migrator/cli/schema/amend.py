"""``migrator schema baseline`` and ``repair``: a history is written without running a script."""

from __future__ import annotations

import click
from rich.console import Console

from migrator.cli.baseline import Baselining, baselining_options, write
from migrator.cli.output import say
from migrator.cli.schema.where import Where, one_schema
from migrator.schema.repair import repair as repaired


@click.command()
@one_schema
@baselining_options
def baseline(where: Where, as_json: bool, wish: Baselining) -> None:
    """Give a schema that exists a history: from a version on, or from what another tool has recorded in it.

    Only what is newer will be applied. The other tool's table is read and stays as it is.

    Example: migrator schema baseline --url postgresql://localhost/shop --schema acme --folder migrations/tenant --adopt
    """
    read = where.read_folder()
    with where.session() as session:
        done = write(where.visit(session), read, wish)
    say(as_json, {"schema": where.schema, **done.document}, lambda console: console.print(done.sentence, markup=False))


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
