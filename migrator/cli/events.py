"""``migrator events``: the audit trail, and dead letters sent again."""

from __future__ import annotations

import sys
from typing import Any

import click
from rich.console import Console

from migrator.cli.control import store, whoami
from migrator.cli.output import json_option, say, say_table
from migrator.errors import EXIT_BAD_INPUT
from migrator.fleet import events
from migrator.model.event import Event, EventStatus, EventType

STATUSES = [status.value for status in EventStatus]
TYPES = [type_.value for type_ in EventType]


@click.group("events", invoke_without_command=True)
@click.option("--status", type=click.Choice(STATUSES), help="Only events that stand there.")
@click.option("--failed", is_flag=True, help="Only dead letters, the same as --status failed.")
@click.option("--unsent", is_flag=True, help="Only published events that the relay has not sent yet.")
@click.option("--most", default=20, show_default=True, help="How many, newest first.")
@json_option
@click.pass_context
def events_(context: click.Context, status: str | None, failed: bool, unsent: bool, most: int, as_json: bool) -> None:
    """List events, newest first; 'events retry' sends dead letters again.

    Example: migrator events --failed
    """
    if context.invoked_subcommand is None:
        _list("failed" if failed else status, unsent, most, as_json)


@events_.command("list")
@click.option("--status", type=click.Choice(STATUSES), help="Only events that stand there.")
@click.option("--failed", is_flag=True, help="Only dead letters, the same as --status failed.")
@click.option("--unsent", is_flag=True, help="Only published events that the relay has not sent yet.")
@click.option("--most", default=20, show_default=True, help="How many, newest first.")
@json_option
def list_(status: str | None, failed: bool, unsent: bool, most: int, as_json: bool) -> None:
    """List events, newest first.

    Example: migrator events list --status retrying --json
    """
    _list("failed" if failed else status, unsent, most, as_json)


@events_.command()
@click.argument("event_ids", metavar="ID", nargs=-1)
@click.option("--all-failed", is_flag=True, help="Every dead letter, rollouts that halted or were cancelled left out.")
@click.option("--type", "type_", type=click.Choice(TYPES), help="With --all-failed: only events of this type.")
@json_option
def retry(event_ids: tuple[str, ...], all_failed: bool, type_: str | None, as_json: bool) -> None:
    """Send events that failed again, under their ids, with all their tries; it is recorded who did.

    What was refused for its payload or called off is not sent: send it anew. Exit code 2 when an event that was
    named is not.

    Example: migrator events retry --all-failed --type tenant.created
    """
    from tasks import dead_letters

    if bool(event_ids) == all_failed or (type_ and not all_failed):
        raise click.UsageError("name events by their ids, or give --all-failed, then perhaps with --type")
    ids = event_ids or dead_letters.dead_ids(EventType(type_) if type_ else None)
    tried = dead_letters.retry_events(ids, whoami())

    def show(console: Console) -> None:
        for each in tried or [{"summary": "no event has failed"}]:
            console.print(each["summary"], markup=False)

    say(as_json, tried, show)
    if event_ids and not all(each["sent"] for each in tried):
        sys.exit(EXIT_BAD_INPUT)


def _list(status: str | None, unsent: bool, most: int, as_json: bool) -> None:
    with store().begin() as connection:
        found = events.newest(connection, EventStatus(status) if status else None, most, unsent=unsent)
    headings = ("id", "type", "status", "unsent", "retry_count", "created_at", "scheduled_at", "error_message")
    say_table(as_json, headings, (_row(each, as_json) for each in found), "there are no such events")


def _row(event: Event, as_json: bool) -> tuple[Any, ...]:
    unsent = event.is_unsent if as_json else "unsent" * event.is_unsent
    where = (event.id, event.type.value, event.status.value, unsent, event.retry_count)
    return (*where, event.created_at, event.scheduled_at, event.error_message)
