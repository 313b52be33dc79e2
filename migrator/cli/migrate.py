"""``migrator migrate`` and ``migrator watch``."""

from __future__ import annotations

from typing import Any

import click
from kombu.utils.uuid import uuid
from rich.console import Console

from migrator.cli.control import send, store, whoami
from migrator.cli.follow import followed, tell
from migrator.cli.output import json_option, say
from migrator.cli.rollout import label_option, rollout_options
from migrator.errors import UnknownExecution
from migrator.fleet import events
from migrator.model.event import EventType
from migrator.model.target import Scope
from migrator.watch.report import remarks

SCOPES = ["all", *(scope.value for scope in Scope)]


@click.command()
@click.option(
    "--scope", type=click.Choice(SCOPES), default="all", show_default=True, help="Only targets of this scope."
)
@click.option("--database", "databases", multiple=True, help="Only this database; may be given several times.")
@click.option("--tenant", "tenants", multiple=True, help="Only this tenant, by its id; may be given several times.")
@click.option("--schema", "schemas", multiple=True, help="Only schemas of this name; may be given several times.")
@click.option("--to", help="Stop at this version; needs --scope.")
@label_option
@rollout_options
@click.option(
    "--if-busy",
    type=click.Choice(["wait", "refuse"]),
    default="wait",
    show_default=True,
    help="When another execution has some of the targets.",
)
@click.option("--force", is_flag=True, help="Override failure budget and preflight, never locks; it is recorded.")
@click.option("--dry-run", is_flag=True, help="Say what would be done; change nothing.")
@click.option("--detach", is_flag=True, help="Do not wait; print the id.")
@json_option
def migrate(dry_run: bool, detach: bool, as_json: bool, **wishes: Any) -> None:
    """Bring every target that is behind to the newest version, with the workers that are running.

    One target goes first, the others follow when it is done; when more fail than may, no further target is begun.

    Example: migrator migrate --scope tenant --database eu-1 --wave-size 10% --max-failures 5
    """
    event_id = uuid()
    send(EventType.MIGRATION_REQUESTED, _payload(event_id, dry_run, **wishes))
    if detach:
        say(as_json, {"event": event_id}, lambda console: console.print(event_id))
        return
    tell(followed(event_id), as_json, show_report)


@click.command()
@click.argument("event_id", metavar="ID")
@json_option
def watch(event_id: str, as_json: bool) -> None:
    """Watch an event and its execution until it ends; it goes on when you stop watching.

    Example: migrator watch 6f9c2a1e-...
    """
    with store().begin() as connection:
        if events.find(connection, event_id) is None:
            raise UnknownExecution(execution=event_id)
    tell(followed(event_id), as_json, show_report)


def _payload(
    event_id: str,
    dry_run: bool,
    *,
    scope: str,
    databases: tuple[str, ...],
    tenants: tuple[str, ...],
    schemas: tuple[str, ...],
    labels: dict[str, str],
    to: str | None,
    if_busy: str,
    force: bool,
    wishes: dict[str, Any],
) -> dict[str, Any]:
    return {
        **wishes,
        "target_labels": labels,
        "if_busy": if_busy,
        "force_execution": force,
        "request_id": event_id,
        "scope": scope,
        "requested_by": whoami(),
        "dry_run": dry_run,
        **({"target_databases": list(databases)} if databases else {}),
        **({"target_schemas": list(schemas)} if schemas else {}),
        **({"target_tenants": list(tenants)} if tenants else {}),
        **({"to_version": to} if to else {}),
    }


def show_report(console: Console, report: dict[str, Any]) -> None:
    """How an execution ended, for people: summary, failures by what they have in common, and what to do next."""
    console.print(report["summary"], markup=False)
    for remark in remarks(report):
        console.print("  " + remark, markup=False)
    for failure in report.get("failures", ()):
        console.print(f"  {failure['database']}/{failure['schema']}: {failure['message']}", markup=False)
        if failure["statement"]:
            console.print("    " + failure["statement"].strip().splitlines()[0], markup=False)
    for group in report.get("failure_groups", ()):
        console.print(f"  {group['count']} x {group['sqlstate'] or 'no SQLSTATE'}: {group['error']}", markup=False)
    if report.get("failed") and report.get("execution"):
        again = f"'migrator retry {report['execution']}' takes up what failed or was not touched"
        console.print(f"when the cause is mended, {again}", markup=False)
