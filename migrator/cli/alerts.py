"""``migrator alerts``: what is wrong, who was told, and the operator's word on it."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Any

import click
from rich.console import Console

from migrator.cli.control import store, whoami
from migrator.cli.durations import duration
from migrator.cli.output import json_option, say, say_table
from migrator.errors import EXIT_FAILED, MigratorError
from migrator.fleet import alerts as ledger
from migrator.watch.alerts.message import trial_message
from migrator.watch.alerts.rules import RULES
from migrator.watch.alerts.shown import alert_list, alert_page
from tasks import channels

HEADINGS = ("id", "severity", "state", "rule", "key", "times", "first_at", "last_at", "sentence")

all_option = click.option("--all", "everything", is_flag=True, help="The resolved ones too.")
most_option = click.option("--most", default=50, show_default=True, help="How many, newest first.")


@click.group(invoke_without_command=True)
@all_option
@most_option
@json_option
@click.pass_context
def alerts(context: click.Context, everything: bool, most: int, as_json: bool) -> None:
    """What is wrong now: each alert with what happened, how it is, and what to do.

    Example: migrator alerts --json
    """
    if context.invoked_subcommand is None:
        _list(everything, most, as_json)


@alerts.command("list")
@all_option
@most_option
@json_option
def list_(everything: bool, most: int, as_json: bool) -> None:
    """The same.

    Example: migrator alerts list --all --most 200
    """
    _list(everything, most, as_json)


@alerts.command()
@click.argument("alert_id", metavar="ID", type=int)
@json_option
def show(alert_id: int, as_json: bool) -> None:
    """One alert: its facts, what became of it, and to which channels it was sent.

    Example: migrator alerts show 12
    """
    with store().begin() as connection:
        page = alert_page(connection, alert_id)
    say(as_json, page, lambda console: _show(console, page))


@alerts.command()
@click.argument("alert_id", metavar="ID", type=int)
@click.option("--for", "seconds", callback=duration, required=True, help="How long, such as 30m, 2h or 3d.")
@click.option("--reason", help="Why; it is written down with your name.")
@json_option
def silence(alert_id: int, seconds: float, reason: str | None, as_json: bool) -> None:
    """Tell nobody of an open alert for a while; if it is still open then, it is told again.

    Example: migrator alerts silence 12 --for 2h --reason "we are moving that server"
    """
    with store().begin() as connection:
        until = ledger.silence(connection, alert_id, seconds, whoami(), reason)
    said = f"nobody is told of alert {alert_id} before {until.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    _answer(as_json, {"alert": alert_id, "silenced_until": until.astimezone(UTC).isoformat(), "summary": said})


@alerts.command()
@click.argument("alert_id", metavar="ID", type=int)
@json_option
def unsilence(alert_id: int, as_json: bool) -> None:
    """End a silence: if the alert is still open, it is told again.

    Example: migrator alerts unsilence 12
    """
    with store().begin() as connection:
        changed = ledger.unsilence(connection, alert_id, whoami())
    said = f"alert {alert_id} is silenced no more" if changed else f"alert {alert_id} was not silenced"
    _answer(as_json, {"alert": alert_id, "changed": changed, "summary": said})


@alerts.command()
@click.option("--channel", "chosen", multiple=True, help="This channel alone; may be given several times.")
@json_option
def test(chosen: tuple[str, ...], as_json: bool) -> None:
    """Send a test through every channel of the settings, from here, and say what came of it; 1 when one failed.

    Example: migrator alerts test --channel ops
    """
    tried = [_tried(name) for name in chosen or channels.names()]
    empty = "the settings have no channels; add a table [alerts.channels.NAME] to migrator.toml"
    say_table(as_json, ("channel", "sent", "error"), tried, empty)
    if not all(sent for _, sent, _ in tried):
        sys.exit(EXIT_FAILED)


@alerts.command()
@json_option
def rules(as_json: bool) -> None:
    """Each rule: how bad it is, its thresholds (seconds, or a share), and whether it is on.

    Example: migrator alerts rules
    """
    limits = channels.limits()
    rows = (
        (
            rule.name,
            rule.name not in limits.off,
            rule.severity.value,
            ", ".join(f"{name}={getattr(limits, name):g}" for name in rule.limits) or None,
            rule.says,
        )
        for rule in RULES
    )
    say_table(as_json, ("rule", "on", "severity", "thresholds", "says"), rows, "there are no rules")


def _list(everything: bool, most: int, as_json: bool) -> None:
    with store().begin() as connection:
        found = alert_list(connection, resolved=everything, most=most)
    if as_json:
        say(True, found, lambda console: None)
    else:
        say_table(False, HEADINGS, ([each[name] for name in HEADINGS] for each in found), "nothing is wrong")


def _tried(name: str) -> tuple[str, bool, str | None]:
    try:
        channels.channel(name).send(trial_message(datetime.now(UTC), whoami()))
    except MigratorError as error:
        return name, False, str(error)
    return name, True, None


def _answer(as_json: bool, document: dict[str, Any]) -> None:
    say(as_json, document, lambda console: console.print(document["summary"], markup=False))


def _show(console: Console, page: dict[str, Any]) -> None:
    console.print(f"alert {page['id']}, {page['rule']}, {page['severity']}: {page['state']}", markup=False)
    console.print(page["sentence"], markup=False)
    for each in page["changes"]:
        by = f" by {each['by']}" if each["by"] else ""
        note = f": {each['note']}" if each["note"] and each["change"] != "fired" else ""
        console.print(f"  {each['at']} {each['change'].replace('_', ' ')}{by}{note}", markup=False)
    for each in page["deliveries"]:
        error = f": {each['error']}" if each["error"] else ""
        told = f"  {each['kind']} through {each['channel']}: {each['state']} after {each['tries']} tries{error}"
        console.print(told, markup=False)
