"""``migrator explain``: why a tenant is at the version it is at."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click
from rich.console import Console

from migrator.cli.output import json_option, say, table_of
from migrator.model.causes import explain as explained
from migrator.model.explanation import Explanation, TenantFacts
from tasks.explaining import facts_of

MOST_ROWS = 8


@click.command()
@click.argument("tenant_id", metavar="TENANT")
@json_option
def explain(tenant_id: str, as_json: bool) -> None:
    """Say why a tenant is at this version: in one sentence first, then what holds it, then the evidence.

    Looks into the ledger, the folder and the tenant's own history; changes nothing. Needs no worker and no broker.

    Example: migrator explain 7
    """
    facts = facts_of(tenant_id)
    said = explained(facts)
    document = {
        "tenant": facts.tenant,
        "sentence": said.sentence,
        "is_current": said.is_current,
        "causes": [asdict(cause) for cause in said.causes],
        "facts": asdict(facts),
    }
    say(as_json, document, lambda console: show(console, facts, said))


def show(console: Console, facts: TenantFacts, said: Explanation) -> None:
    """The sentence, the causes, the evidence."""
    console.print(said.sentence, style="bold", markup=False)
    for cause in said.causes:
        console.print(f"  {cause.kind.replace('_', ' ')}: {cause.sentence}", markup=False)
        if cause.advice:
            console.print(f"    {cause.advice}", style="dim", markup=False)
    if facts.pending:
        console.print(f"pending: {_some(facts.pending)}", markup=False)
    if facts.attempts:
        headings = ("execution", "kind", "it is", "here", "from", "to", "when", "error")
        console.print(table_of(headings, map(_attempt, facts.attempts[:MOST_ROWS])))
    if facts.history:
        rows = [(row.version, row.script, row.type, row.at, row.by) for row in facts.history[-MOST_ROWS:]]
        if len(facts.history) > MOST_ROWS:
            console.print(f"the last {MOST_ROWS} of {len(facts.history)} rows of its history:", markup=False)
        console.print(table_of(("version", "script", "type", "applied", "by"), rows))


def _attempt(each: Any) -> tuple[Any, ...]:
    done = (each.execution, each.kind.value, each.execution_state.spoken, each.state.value)
    return (*done, each.from_version, each.to_version, each.at, each.error)


def _some(scripts: tuple[str, ...]) -> str:
    more = f" and {len(scripts) - MOST_ROWS} more" if len(scripts) > MOST_ROWS else ""
    return ", ".join(scripts[:MOST_ROWS]) + more
