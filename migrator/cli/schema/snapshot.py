"""``migrator schema snapshot``: stored copies of one schema."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click
from rich.console import Console

from migrator.cli import snapshots as shown
from migrator.cli.output import note, say
from migrator.cli.schema.where import Where, one_schema_without_folder
from migrator.cli.snapshots import expiry_options, places, store_option, yes_option
from migrator.errors import RestoreRefused
from migrator.model.snapshot import Snapshot
from migrator.schema import aside
from migrator.schema import restore as restoring
from migrator.schema import snapshot as taking
from migrator.schema.preview import preview
from migrator.schema.session import Session
from migrator.schema.snapshot_store import LATEST, SnapshotStore

_id = click.argument("snapshot_id", metavar="SNAPSHOT", default=LATEST)


@click.group()
def snapshot() -> None:
    """Stored copies of one schema, made with pg_dump: taken before a change, restored when it has to be undone."""


@snapshot.command()
@one_schema_without_folder
@store_option
def take(where: Where, as_json: bool, store: SnapshotStore) -> None:
    """Store a copy of the schema; the application reads and writes on meanwhile.

    Example: migrator schema snapshot take --url postgresql://localhost/shop --schema tenant_acme --store snapshots
    """
    with where.session() as session:
        taken = taking.take(session, where.schema, store, rules=where.rules, places=places())
    say(as_json, shown.as_document(taken), lambda console: console.print(f"snapshot {taken.id}, {taken.size} bytes"))


@snapshot.command("list")
@one_schema_without_folder
@store_option
def list_snapshots(where: Where, as_json: bool, store: SnapshotStore) -> None:
    """List the snapshots of the schema, newest first.

    Example: migrator schema snapshot list --url postgresql://localhost/shop --schema tenant_acme
    """
    shown.say_snapshots(as_json, _all(where, store), f"there is no snapshot of schema {where.schema}")


@snapshot.command()
@_id
@one_schema_without_folder
@store_option
def show(where: Where, as_json: bool, store: SnapshotStore, snapshot_id: str) -> None:
    """What is known of a snapshot, by default the latest, and what restoring it now would leave behind.

    Example: migrator schema snapshot show --url postgresql://localhost/shop --schema tenant_acme
    """
    with where.session() as session:
        seen = preview(session, store.find(session.database_id, where.schema, snapshot_id))
    document = {"snapshot": shown.as_document(seen.snapshot), "restore": shown.preview_document(seen)}

    def tell(console: Console) -> None:
        for line in [*shown.announce(seen), *(f"would be refused: {found}" for found in seen.obstacles)]:
            console.print(line, markup=False)

    say(as_json, document, tell)


@snapshot.command()
@one_schema_without_folder
@store_option
def verify(where: Where, as_json: bool, store: SnapshotStore) -> None:
    """Read the schema's snapshots to their ends and hold them against their checksums; ends with 1 for a damaged one.

    Example: migrator schema snapshot verify --url postgresql://localhost/shop --schema tenant_acme
    """
    shown.verify_all(store, _all(where, store), as_json)


@snapshot.command()
@_id
@one_schema_without_folder
@store_option
@yes_option
def restore(where: Where, as_json: bool, store: SnapshotStore, snapshot_id: str, yes: bool) -> None:
    """Put a snapshot, by default the latest, in the place of the schema; what is there now is kept under another name.

    Says first which rows were written since and will be left behind.

    Example: migrator schema snapshot restore --url postgresql://localhost/shop --schema tenant_acme
    """
    with where.session() as session:
        found = store.find(session.database_id, where.schema, snapshot_id)
        _ask(session, found, yes)
        done = restoring.restore(session, found, store, rules=where.rules, places=places())
    say(as_json, shown.restored_document(done), lambda console: shown.show_restored(console, done))


@snapshot.command("drop-aside")
@click.argument("name", metavar="ASIDE")
@one_schema_without_folder
@yes_option
def drop_aside(where: Where, as_json: bool, name: str, yes: bool) -> None:
    """Drop what a restore has set aside, for good.

    Example: migrator schema snapshot drop-aside acme_before_1a2b3c4d --url postgresql://localhost/shop --schema acme
    """
    with where.session() as session:
        if not yes:
            click.confirm(f"drop schema {name} with all that is in it?", abort=True, err=True)
        gone = aside.drop_aside(session, where.schema, name, where.rules)
    say(as_json, asdict(gone), lambda console: console.print(f"schema {gone.name} is gone"))


@snapshot.command()
@one_schema_without_folder
@store_option
@expiry_options
def expire(where: Where, as_json: bool, store: SnapshotStore, **how: Any) -> None:
    """Delete old snapshots of the schema, but never the last ones.

    Example: migrator schema snapshot expire --url postgresql://localhost/shop --schema tenant_acme --keep-days 7
    """
    gone = shown.expire(store, _all(where, store), **how)
    shown.say_snapshots(as_json, gone, "no snapshot is old enough")


def _all(where: Where, store: SnapshotStore) -> list[Snapshot]:
    """Snapshots are kept under the database's name as the server has it."""
    with where.session() as session:
        return store.snapshots(session.database_id, where.schema)


def _ask(session: Session, found: Snapshot, yes: bool) -> None:
    """Say what a restore would leave behind, and go on only when that is wanted."""
    seen = preview(session, found)
    if seen.obstacles:
        obstacles = "; ".join(seen.obstacles)
        raise RestoreRefused(schema=found.schema, database=session.database_id, obstacles=obstacles)
    for line in shown.announce(seen):
        note(line)
    if not yes:
        click.confirm("restore it?", abort=True, err=True)
