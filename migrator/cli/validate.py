"""``migrator validate``: the histories of the fleet held against their folders, equal findings told once."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click
from rich.console import Console

from migrator.cli.output import counted, named, say
from migrator.cli.targets import Look, Wanted, choosing_targets, each_target
from migrator.errors import EXIT_FAILED, UnknownSchema
from migrator.model.target import Database, Target
from migrator.schema import history
from migrator.schema.history import HistoryTable
from migrator.schema.session import Session
from migrator.schema.validation import Finding, findings
from tasks import desk


@click.command()
@choosing_targets
def validate(wanted: Wanted, as_json: bool) -> None:
    """Hold the history of every target against its folder and tell equal findings once; changes nothing.

    Ends with 1 when somebody has to act. What is only pending, or newer than the folder, is no mistake.

    Example: migrator validate --scope tenant --database eu-1
    """
    looks = each_target(wanted, "validate", _found)
    document = summed_up(looks)
    say(as_json, document, lambda console: _show(console, document))
    if not document["valid"]:
        sys.exit(EXIT_FAILED)


def _found(session: Session, database: Database, target: Target) -> list[Finding]:
    table = HistoryTable(target.schema_name, desk.settings().history_table)
    if not history.schema_exists(session, table):
        raise UnknownSchema(database=database.id, schema=target.schema_name)
    return findings(desk.folder(target.scope), history.read(session, table))


def summed_up(looks: Sequence[Look[list[Finding]]]) -> dict[str, Any]:
    """Counts, and each finding once with the targets that have it; those that somebody has to act on come first."""
    groups: dict[tuple[Any, ...], dict[str, Any]] = {}
    for look in looks:
        for finding in look.found or []:
            key = (look.target.scope, finding.kind, finding.script, finding.is_error)
            group = groups.setdefault(key, _group(look.target, finding))
            group["targets"].append(str(look.target))
    errors = [{"target": str(look.target), "error": look.error} for look in looks if look.error]
    disagree = sum(any(finding.is_error for finding in look.found or []) for look in looks)
    return {
        "valid": not errors and not disagree,
        "targets": len(looks),
        "agree": len(looks) - len(errors) - disagree,
        "findings": sorted(groups.values(), key=lambda group: (not group["is_error"], -len(group["targets"]))),
        "errors": errors,
    }


def _group(target: Target, finding: Finding) -> dict[str, Any]:
    return {
        "scope": target.scope.value,
        "kind": finding.kind.value,
        "script": finding.script,
        "is_error": finding.is_error,
        "example": finding.sentence,
        "targets": [],
    }


def _show(console: Console, document: dict[str, Any]) -> None:
    said = [f"{document['agree']} of {counted(document['targets'], 'target')} agree with their folders"]
    if document["errors"]:
        said.append(f"{counted(len(document['errors']), 'target')} could not be looked into")
    console.print("; ".join(said))
    for group in document["findings"]:
        style = "red" if group["is_error"] else "dim"
        what = f"{group['kind'].replace('_', ' ')} {group['script'] or ''}".strip()
        console.print(f"  {len(group['targets'])} have {what}: {named(group['targets'])}", style=style, markup=False)
        console.print(f"    {group['example']}", markup=False)
    for each in document["errors"]:
        console.print(f"  {each['target']}: {each['error']}", style="red", markup=False)
