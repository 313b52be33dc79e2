"""``migrator breaker``: the circuit breakers of the databases, and the operator's word on one."""

from __future__ import annotations

from typing import Any

import click

from migrator.cli.control import store, whoami
from migrator.cli.output import json_option, say, say_table
from migrator.fleet import breakers as changes
from migrator.fleet import registry
from migrator.model.breaker import Breaker
from tasks import breakers

HEADINGS = ("database", "state", "failures", "held", "seconds_left", "reason", "changed_at", "by")


@click.group()
def breaker() -> None:
    """See, open and reset the circuit breakers of the databases."""


@breaker.command("list")
@json_option
def list_(as_json: bool) -> None:
    """The breaker of each database: its state, why, since when and by whom, and when the next probe may go.

    Example: migrator breaker list --json
    """
    with store().begin() as connection:
        databases = registry.databases(connection)
        noted = changes.last_changes(connection)
    rows = [_row(database.id, noted.get(database.id)) for database in databases]
    say_table(as_json, HEADINGS, rows, "no database is registered; 'migrator database add' registers one")


@breaker.command("open")
@click.argument("database_id", metavar="DATABASE")
@json_option
def open_(database_id: str, as_json: bool) -> None:
    """Open a breaker and hold it: work on the database waits, without giving up, until it is reset.

    Example: migrator breaker open eu-1
    """
    _set("hold", database_id, as_json)


@breaker.command()
@click.argument("database_id", metavar="DATABASE")
@json_option
def reset(database_id: str, as_json: bool) -> None:
    """Close a breaker and forget its failures; what waits for it goes on within half a minute.

    Example: migrator breaker reset eu-1
    """
    _set("reset", database_id, as_json)


def _set(script: str, database_id: str, as_json: bool) -> None:
    with store().begin() as connection:
        database = registry.find_database(connection, database_id)
    found = breakers.set_breaker(script, database.id, whoami())
    said = f"the breaker of database {database.id} is {found.state.value}" + (
        f", {found.reason}" if found.reason else ""
    )
    document = {"database": database.id, "state": found.state.value, "held": found.is_held, "summary": said}
    say(as_json, document, lambda console: console.print(said, markup=False))


def _row(database_id: str, noted: Any) -> tuple[Any, ...]:
    answer = breakers.asked("look", database_id)
    found: Breaker = answer.after
    left = round(max(0.0, found.open_until - answer.now), 1) if found.open_until else None
    at, by = (noted.at, noted.by) if noted is not None else (None, None)
    return (database_id, found.state.value, found.failures, found.is_held, left, found.reason or None, at, by)
