"""``migrator executions`` and ``show``: what the ledger says."""

from __future__ import annotations

from typing import Any

import click
from rich.console import Console
from sqlalchemy import Row

from migrator.cli.control import store
from migrator.cli.output import json_option, say, say_table
from migrator.fleet import ledger, rollbacks, steering
from migrator.watch.performance import sentences
from migrator.watch.report import execution_report, remarks


@click.command()
@click.option("--most", default=20, show_default=True, help="How many, newest first.")
@json_option
def executions(most: int, as_json: bool) -> None:
    """List executions, newest first.

    Example: migrator executions --most 5
    """
    with store().begin() as connection:
        found = ledger.executions(connection, most)
    headings = ("id", "state", "total", "done", "failed", "current", "opened", "requested_by")
    rows = ((r.id, r.state, r.total, r.done, r.failed, r.skipped, r.created_at, r.requested_by) for r in found)
    say_table(as_json, headings, rows, "there are no executions yet; 'migrator migrate' starts one")


@click.command()
@click.argument("execution_id", metavar="ID")
@json_option
def show(execution_id: str, as_json: bool) -> None:
    """Show one execution: counts, what it cost, who steered it, rollbacks, and each target that failed with the reason.

    Example: migrator show 6f9c2a1e-... --json
    """
    with store().begin() as connection:
        state = ledger.execution(connection, execution_id).state
        report = execution_report(connection, execution_id, state)
        report["actions"] = [_action(row) for row in steering.actions(connection, execution_id)]
        report["rollbacks"] = [row.id for row in rollbacks.rollbacks(connection, execution_id)]
    say(as_json, report, lambda console: _show(console, report))


def _action(row: Row[Any]) -> dict[str, Any]:
    return {"action": row.action, "by": row.by, "at": row.at.isoformat(timespec="seconds"), "note": row.note}


def _show(console: Console, report: dict[str, Any]) -> None:
    console.print(f"{report['execution']}: {report['state']}", markup=False)
    console.print(report["summary"], markup=False)
    for remark in remarks(report):
        console.print("  " + remark, markup=False)
    if report["performance"].get("databases"):
        console.print("performance:", markup=False)
        for line in sentences(report["performance"]):
            console.print(line, markup=False)
    for each in report["actions"]:
        note_ = f": {each['note']}" if each["note"] else ""
        console.print(f"  {each['at']} {each['action']} by {each['by']}{note_}", markup=False)
    for failure in report["failures"]:
        console.print(f"  {failure['database']}/{failure['schema']}: {failure['message']}", markup=False)
        if failure["statement"]:
            console.print("    " + failure["statement"], markup=False)
