"""``migrator rollback``."""

from __future__ import annotations

from typing import Any

import click
from kombu.utils.uuid import uuid
from rich.console import Console

from migrator.cli.control import send, whoami
from migrator.cli.follow import followed, tell
from migrator.cli.migrate import show_report
from migrator.cli.output import json_option, say
from migrator.cli.rollout import share
from migrator.model.event import EventType


@click.command()
@click.argument("execution_id", metavar="EXECUTION")
@click.option(
    "--strategy",
    type=click.Choice(["auto", "undo", "inverse", "snapshot"]),
    default="auto",
    show_default=True,
    help="auto: the undo script, else a certain inverse, else the snapshot that was taken before.",
)
@click.option("--to", help="Take back only what is above this version.")
@click.option("--canary", type=click.IntRange(0), default=1, show_default=True, help="So many first.")
@click.option(
    "--wave-size", metavar="N|P%", default="100%", show_default=True, callback=share, help="How many at a time."
)
@click.option(
    "--max-failures",
    metavar="N|P%",
    default="1%",
    show_default=True,
    callback=share,
    help="When more targets fail than this, no further one is begun.",
)
@click.option("--force", is_flag=True, help="Also what ended longer ago than the age limit; it is recorded.")
@click.option("--dry-run", is_flag=True, help="Say for each target what would be done; change nothing.")
@click.option("--detach", is_flag=True, help="Do not wait; print the id.")
@json_option
def rollback(execution_id: str, to: str | None, force: bool, detach: bool, as_json: bool, **wishes: Any) -> None:
    """Take back what one execution changed, in just those targets, and prove it by their fingerprints.

    A target that moved on since is not touched, and the reason is told. Doing it twice does no harm.

    Example: migrator rollback 6f9c2a1e-... --dry-run
    """
    event_id = uuid()
    payload = {
        "execution_id": execution_id,
        "requested_by": whoami(),
        "force_execution": force,
        **({"target_version": to} if to else {}),
        **wishes,
    }
    send(EventType.ROLLBACK_REQUESTED, payload, event_id)
    if detach:
        say(as_json, {"event": event_id}, lambda console: console.print(event_id))
        return
    tell(followed(event_id), as_json, _show)


def _show(console: Console, report: dict[str, Any]) -> None:
    show_report(console, report)
    for each in report.get("targets", ()):
        way = ", ".join(each["scripts"]) or each["way"]
        console.print(f"  {each['database']}/{each['schema']}: {way}", markup=False)
    for each in report.get("refused", ()):
        console.print(f"  {each['database']}/{each['schema']} refused: {each['reason']}", markup=False)
