"""``migrator schema status`` and ``validate``: what history says; nothing is changed."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Any

import click
from rich.console import Console

from migrator.cli.output import say
from migrator.cli.schema.where import Where, one_schema
from migrator.errors import EXIT_FAILED, UnknownSchema
from migrator.model.migration import scripts
from migrator.schema import history
from migrator.schema.pending import pending, read_history
from migrator.schema.validation import Finding, findings


@click.command()
@one_schema
def status(where: Where, as_json: bool) -> None:
    """What is applied and what is pending; changes nothing.

    Example: migrator schema status --url postgresql://localhost/shop --schema tenant_acme --folder migrations/tenant
    """
    read = where.read_folder()
    with where.session() as session:
        past = history.read(session, where.table)
    latest = read_history(past.rows, where.schema).latest
    document = {
        "schema": where.schema,
        "version": str(latest) if latest else None,
        "applied": [row.script for row in past.rows],
        "pending": list(scripts(pending(read, past.rows, where.schema))),
    }
    say(as_json, document, lambda console: _show_status(console, document))


@click.command()
@one_schema
def validate(where: Where, as_json: bool) -> None:
    """Hold the history against the folder: what changed, is missing, failed, or came too late; changes nothing.

    Ends with 1 when somebody has to act. What is only pending, or newer than the folder, is no mistake.

    Example: migrator schema validate --url postgresql://localhost/shop --schema acme --folder migrations/tenant
    """
    read = where.read_folder()
    with where.session() as session:
        if not history.schema_exists(session, where.table):
            raise UnknownSchema(database=session.database_id, schema=where.schema)
        found = findings(read, history.read(session, where.table))
    document = {
        "schema": where.schema,
        "valid": not any(finding.is_error for finding in found),
        "findings": [as_document(finding) for finding in found],
    }
    say(as_json, document, lambda console: _show_findings(console, where.schema, found))
    if not document["valid"]:
        sys.exit(EXIT_FAILED)


def as_document(finding: Finding) -> dict[str, Any]:
    """A finding for a program."""
    return asdict(finding) | {"kind": finding.kind.value, "is_error": finding.is_error}


def _show_status(console: Console, document: dict[str, Any]) -> None:
    at = f"at version {document['version']}" if document["version"] else "fresh"
    pending_ = document["pending"]
    console.print(f"schema {document['schema']} is {at}, {len(document['applied'])} applied, {len(pending_)} pending")
    for script in pending_:
        console.print(f"  pending  {script}")


def _show_findings(console: Console, schema: str, found: list[Finding]) -> None:
    mistakes = sum(finding.is_error for finding in found)
    verdict = f"has {mistakes} mistakes" if mistakes else "agrees with the folder"
    console.print(f"the history of schema {schema} {verdict}")
    for finding in found:
        style = "red" if finding.is_error else "dim"
        console.print(f"  {finding.kind.value:<13}", style=style, end="")
        console.print(finding.sentence, markup=False)
