"""``migrator timeline``: what happened, in the order in which it did."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from migrator.cli.control import store
from migrator.cli.durations import moment
from migrator.cli.output import json_option, say, say_table
from migrator.watch import timeline as watch
from migrator.watch.timeline import Kind

KINDS = [kind.value for kind in Kind]


@click.command()
@click.option("--since", callback=moment, default="24h", show_default=True, help="A moment, or how long ago.")
@click.option("--until", callback=moment, help="A moment, or how long ago; now when not given.")
@click.option("--kind", "kinds", type=click.Choice(KINDS), multiple=True, help="Only this; may be given several times.")
@click.option("--most", default=200, show_default=True, help="How many, the newest.")
@json_option
def timeline(since: datetime, until: datetime | None, kinds: tuple[str, ...], most: int, as_json: bool) -> None:
    """What happened in the fleet: executions, waves, operators' words, breakers, waits, alerts; oldest first.

    Example: migrator timeline --since 2h --kind alert --kind action
    """
    with store().begin() as connection:
        wanted = [Kind(kind) for kind in kinds] or None
        found = watch.timeline(connection, since, until or datetime.now(UTC), wanted, most)
    if as_json:
        say(True, [each.document() for each in found], lambda console: None)
        return
    rows = ((each.at.astimezone(UTC).isoformat(sep=" ", timespec="seconds"), each.kind.value, each.sentence)
            for each in found)  # fmt: skip
    say_table(False, ("at", "kind", "what"), rows, "nothing happened in that time")
