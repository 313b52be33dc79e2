"""``migrator snapshot``: stored copies of the schemas of the fleet."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from migrator.cli import snapshots as shown
from migrator.cli.output import json_option, note, say_table
from migrator.cli.snapshots import expiry_options, places, store_option, yes_option
from migrator.cli.targets import Look, Wanted, choosing_targets, each_target
from migrator.errors import EXIT_FAILED
from migrator.fleet import registry
from migrator.model.snapshot import Snapshot
from migrator.model.target import Database, Target
from migrator.schema import restore as restoring
from migrator.schema import snapshot as taking
from migrator.schema.preview import Preview, preview
from migrator.schema.restore import Restored
from migrator.schema.session import Session
from migrator.schema.snapshot_store import LATEST, SnapshotStore
from tasks import desk


def _which(command: Callable[..., None]) -> Callable[..., None]:
    """Options that choose among what is stored, whether or not its target is still registered."""
    for option in (
        _of_tenant,
        click.option("--tenant", help="Only of the schema that this tenant has or had."),
        click.option("--schema", help="Only of schemas of this name."),
        click.option("--database", help="Only of this database."),
        json_option,
        store_option,
    ):
        command = option(command)
    return command


def _of_tenant(command: Callable[..., None]) -> Callable[..., None]:
    """Find a tenant's database and schema, also when it is retired."""

    @wraps(command)
    def found(*args: Any, tenant: str | None, database: str | None, schema: str | None, **more: Any) -> None:
        if tenant is not None:
            with desk.store().begin() as connection:
                known = registry.known_tenant(connection, tenant)
            database, schema = (
                _same("database", database, known.database_id),
                _same("schema", schema, known.schema_name),
            )
        command(*args, database=database, schema=schema, **more)

    return found


def _same(what: str, asked: str | None, known: str) -> str:
    if asked not in (None, known):
        raise click.UsageError(f"that tenant's {what} is {known}, not {asked}")
    return known


@click.group()
def snapshot() -> None:
    """Stored copies of the fleet's schemas, made with pg_dump."""


@snapshot.command()
@choosing_targets
@store_option
def take(wanted: Wanted, as_json: bool, store: SnapshotStore) -> None:
    """Store a copy of each chosen schema, one after the other in a database, several databases at once.

    Example: migrator snapshot take --database eu-1 --tenant 7
    """

    def look(session: Session, database: Database, target: Target) -> Snapshot:
        return taking.take(session, target.schema_name, store, rules=desk.rules(database), places=places())

    looks = each_target(wanted, "snapshot", look)
    rows = ((*_names(each), each.found and each.found.id, each.found and each.found.size, each.error) for each in looks)
    say_table(as_json, ("database", "schema", "snapshot", "bytes", "error"), rows, "no target is registered")
    _end(looks)


@snapshot.command("list")
@_which
def list_snapshots(store: SnapshotStore, as_json: bool, database: str | None, schema: str | None) -> None:
    """List what is stored, newest first.

    Example: migrator snapshot list --database eu-1
    """
    shown.say_snapshots(as_json, store.snapshots(database, schema), "there is no snapshot")


@snapshot.command()
@_which
def verify(store: SnapshotStore, as_json: bool, database: str | None, schema: str | None) -> None:
    """Read what is stored to its end and hold it against the checksums; ends with 1 when something is damaged.

    Example: migrator snapshot verify --database eu-1
    """
    shown.verify_all(store, store.snapshots(database, schema), as_json)


@snapshot.command()
@_which
@expiry_options
def expire(
    store: SnapshotStore,
    as_json: bool,
    database: str | None,
    schema: str | None,
    **how: Any,
) -> None:
    """Delete old snapshots, but never the last ones of a schema.

    Example: migrator snapshot expire --keep-days 30 --keep-last 3 --yes
    """
    gone = shown.expire(store, store.snapshots(database, schema), **how)
    shown.say_snapshots(as_json, gone, "no snapshot is old enough")


@snapshot.command()
@choosing_targets
@store_option
@click.option("--snapshot", "snapshot_id", default=LATEST, show_default=True, help="Which one, by its id.")
@yes_option
def restore(wanted: Wanted, as_json: bool, store: SnapshotStore, snapshot_id: str, yes: bool) -> None:
    """Put snapshots in the place of the chosen schemas; what is there now is kept under other names.

    Says first which rows were written since and will be left behind. Targets have to be named.

    Example: migrator snapshot restore --database eu-1 --tenant 7
    """
    if not (wanted.databases or wanted.tenants or wanted.schemas):
        raise click.UsageError("name what is to be restored with --database, --tenant or --schema")
    seen = each_target(wanted, "snapshot", lambda session, database, target: _seen(session, target, store, snapshot_id))
    chosen = {each.target: each.found.snapshot for each in seen if each.found}
    _ask(seen, yes)

    def look(session: Session, database: Database, target: Target) -> Restored | None:
        if target not in chosen:
            return None
        return restoring.restore(session, chosen[target], store, rules=desk.rules(database), places=places())

    missing = {each.target: each.error for each in seen if each.error}
    looks: list[Look[Any]] = [
        Look(e.target, e.found, e.error or missing.get(e.target)) for e in each_target(wanted, "restore", look)
    ]
    headings = ("database", "schema", "snapshot", "equal", "written_since", "aside", "error")
    say_table(as_json, headings, map(_restored_row, looks), "no target is registered")
    _end(looks)


def _seen(session: Session, target: Target, store: SnapshotStore, snapshot_id: str) -> Preview:
    return preview(session, store.find(target.database_id, target.schema_name, snapshot_id))


def _ask(seen: list[Look[Preview]], yes: bool) -> None:
    for each in seen:
        for line in shown.announce(each.found) if each.found else [f"{each.target} stays as it is: {each.error}"]:
            note(line)
    if not yes:
        click.confirm(f"restore {sum(each.found is not None for each in seen)} schemas?", abort=True, err=True)


def _names(look: Look[Any]) -> tuple[str, str]:
    return look.target.database_id, look.target.schema_name


def _restored_row(look: Look[Any]) -> tuple[Any, ...]:
    done: Restored | None = look.found
    told = (done.snapshot.id, done.is_equal, done.written, done.aside) if done else (None, None, None, None)
    return (*_names(look), *told, look.error)


def _end(looks: list[Look[Any]]) -> None:
    if any(each.error for each in looks):
        sys.exit(EXIT_FAILED)
