"""``migrator maintenance``: work that waits in the ledger for its time and is done inside a window."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click
from click.core import ParameterSource
from rich.console import Console
from sqlalchemy import Row

from migrator.cli.control import store, whoami
from migrator.cli.output import json_option, say, table_of
from migrator.cli.rollout import rollout_options
from migrator.fleet import events, facts
from migrator.model.door import parse_payload
from migrator.model.event import Event, EventType
from tasks import desk

TYPES = ["migrate", "validate", "drift", "snapshot", "reindex", "analyze"]
HEADINGS = ("id", "type", "state", "opens", "minutes", "databases", "by", "error")


@click.group()
def maintenance() -> None:
    """Work inside a window: schedule it once, see what waits; what recurs stands in the settings.

    Example: migrator maintenance list
    """


def moment(_context: click.Context, _option: click.Parameter, value: str | None) -> datetime:
    """A moment in ISO 8601; without a time zone it is UTC."""
    if value is None or value == "now":
        return datetime.now(UTC)
    try:
        read = datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is no moment; write 2026-11-24T22:00, which is UTC, or now") from None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


@maintenance.command()
@click.argument("maintenance_id", metavar="NAME")
@click.option("--type", "maintenance_type", type=click.Choice(TYPES), required=True, help="What is done.")
@click.option(
    "--opens",
    metavar="MOMENT",
    default="now",
    show_default=True,
    callback=moment,
    help="When its window opens, in UTC.",
)
@click.option(
    "--minutes",
    type=click.FloatRange(0, min_open=True),
    default=60.0,
    show_default=True,
    help="How long the window is open.",
)
@click.option(
    "--every",
    type=click.FloatRange(0, min_open=True),
    default=1440.0,
    show_default=True,
    help="Minutes to the next window.",
)
@click.option("--database", "databases", multiple=True, help="Only this database; may be given several times.")
@click.option("--schema", "schemas", multiple=True, help="Only schemas of this name; may be given several times.")
@click.option("--auto-rollback/--no-auto-rollback", default=True, help="Take a migration back that fails too often.")
@rollout_options
@json_option
@click.pass_context
def add(context: click.Context, /, maintenance_id: str, wishes: dict[str, Any], as_json: bool, **more: Any) -> None:
    """Schedule work for a window; what does not fit is done in the next one, --every so many minutes later.

    It is stored at once, also while no worker runs, and planned when the window opens. The same name and moment is
    the same maintenance. 'migrator cancel' with its id calls it off.

    Example: migrator maintenance add reindex-eu --type reindex --opens 2026-11-25T01:00 --minutes 90 --database eu-1
    """
    given = {name: value for name, value in wishes.items() if _is_given(context, name)}
    payload = _payload(maintenance_id, given, **more)
    event = _event(maintenance_id, payload, more["opens"])
    with store().begin() as connection:
        is_new = events.schedule(connection, event, more["opens"])
    done, opens = (
        "is scheduled" if is_new else "was scheduled before",
        f"{more['opens'].astimezone(UTC):%Y-%m-%d %H:%M}",
    )
    said = f"maintenance {event.id} {done}, its window opens at {opens} UTC"
    document = {"event": event.id, "opens": more["opens"], "scheduled": is_new, "summary": said}
    say(as_json, document, lambda console: console.print(said, markup=False))


@maintenance.command("list")
@click.option("--most", default=20, show_default=True, help="How many, newest first.")
@json_option
def list_(most: int, as_json: bool) -> None:
    """List scheduled maintenance with where it stands, and what recurs by the settings.

    Example: migrator maintenance list --json
    """
    with store().begin() as connection:
        scheduled = [_row(row) for row in facts.maintenance(connection, most)]
    recurring = [
        {"name": name, "type": each.type, "schedule": each.schedule, "minutes": each.window}
        for name, each in desk.settings().maintenance.items()
    ]
    document = {"scheduled": scheduled, "recurring": recurring}
    say(as_json, document, lambda console: _show(console, document))


def _is_given(context: click.Context, name: str) -> bool:
    """Whether a person said so: what a rollout does by itself depends on the type of maintenance."""
    return context.get_parameter_source(name) is not ParameterSource.DEFAULT


def _payload(
    maintenance_id: str,
    given: dict[str, Any],
    *,
    maintenance_type: str,
    opens: datetime,
    minutes: float,
    every: float,
    databases: tuple[str, ...],
    schemas: tuple[str, ...],
    auto_rollback: bool,
) -> dict[str, Any]:
    """Checked as the worker will check it. Raises BadPayload."""
    fields = {
        **given,
        "maintenance_id": maintenance_id,
        "maintenance_type": maintenance_type,
        "target_databases": list(databases),
        "target_schemas": list(schemas),
        "scheduled_time": opens.isoformat(),
        "maintenance_window": minutes,
        "window_every": max(every, minutes),
        "auto_rollback": auto_rollback,
    }
    parse_payload(EventType.MAINTENANCE_SCHEDULED, fields)
    return fields


def _event(maintenance_id: str, payload: dict[str, Any], at: datetime) -> Event:
    type_ = EventType.MAINTENANCE_SCHEDULED
    id_ = f"maintenance:{maintenance_id}:{at.astimezone(UTC):%Y-%m-%dT%H:%MZ}"
    return Event(id_, type_, payload, type_.priority, triggered_by=whoami())


def _row(row: Row[Any]) -> dict[str, Any]:
    payload = row.payload
    return {
        "id": row.id,
        "type": payload.get("maintenance_type"),
        "state": row.execution_state or row.status,
        "opens": row.scheduled_at or payload.get("scheduled_time"),
        "minutes": payload.get("maintenance_window"),
        "databases": payload.get("target_databases") or [],
        "by": row.triggered_by,
        "error": row.error_message,
    }


def _show(console: Console, document: dict[str, Any]) -> None:
    if not document["scheduled"] and not document["recurring"]:
        console.print("no maintenance is scheduled; 'migrator maintenance add' schedules some")
    if document["scheduled"]:
        rows = (
            [*list(row.values())[:5], ", ".join(row["databases"]) or "all", row["by"], row["error"]]
            for row in document["scheduled"]
        )
        console.print(table_of(HEADINGS, rows))
    for each in document["recurring"]:
        said = f"{each['name']} recurs: {each['type']} at '{each['schedule']}', {each['minutes']:g} minutes"
        console.print(said, markup=False)
