"""``migrator schema fingerprint`` and ``diff``: what is in a schema's catalog; nothing is changed."""

from __future__ import annotations

import sys
from dataclasses import asdict

import click
from rich.console import Console

from migrator.cli.output import say
from migrator.cli.schema.where import Where, one_schema_without_folder
from migrator.errors import EXIT_FAILED
from migrator.model.identifier import checked_schema_name
from migrator.schema.drift import Difference, differences
from migrator.schema.fingerprint import Catalog, describe


@click.command()
@one_schema_without_folder
@click.option("--items", is_flag=True, help="Also everything that it was made from.")
def fingerprint(where: Where, as_json: bool, items: bool) -> None:
    """One hash of all that is in a schema's catalog, equal for two schemas that are alike; changes nothing.

    Example: migrator schema fingerprint --url postgresql://localhost/shop --schema tenant_acme
    """
    with where.session() as session:
        catalog = describe(session, where.schema, where.history_table)
    document = {"schema": where.schema, "fingerprint": catalog.fingerprint, "count": len(catalog.items)}
    if items:
        document["items"] = [asdict(item) for item in catalog.items]
    say(as_json, document, lambda console: _show(console, catalog, items))


@click.command()
@one_schema_without_folder
@click.option(
    "--with",
    "other",
    required=True,
    callback=lambda _context, _option, value: checked_schema_name(value),
    help="The other schema of the same database.",
)
def diff(where: Where, as_json: bool, other: str) -> None:
    """What another schema has otherwise than this one: - missing, + besides, ~ another; ends with 1 if anything.

    Example: migrator schema diff --url postgresql://localhost/shop --schema tenant_acme --with tenant_bolt
    """
    with where.session() as session:
        left = describe(session, where.schema, where.history_table)
        right = describe(session, other, where.history_table)
    found = differences(left, right)
    document = {
        "schema": where.schema,
        "with": other,
        "equal": not found,
        "differences": [as_document(difference) for difference in found],
    }
    say(as_json, document, lambda console: _show_differences(console, where.schema, other, found))
    if found:
        sys.exit(EXIT_FAILED)


def as_document(difference: Difference) -> dict[str, str | None]:
    """A difference for a program."""
    return {"sign": difference.sign, **asdict(difference), "line": str(difference)}


def _show(console: Console, catalog: Catalog, items: bool) -> None:
    console.print(catalog.fingerprint)
    for item in catalog.items if items else ():
        console.print(f"{item.kind} {item.name}", style="bold", markup=False)
        for line in item.definition.splitlines():
            console.print(f"    {line}", markup=False)


def _show_differences(console: Console, schema: str, other: str, found: tuple[Difference, ...]) -> None:
    if not found:
        console.print(f"schemas {schema} and {other} are alike")
        return
    console.print(f"what schema {other} has otherwise than schema {schema}:")
    for difference in found:
        console.print(str(difference), markup=False)
