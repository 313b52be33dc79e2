"""What commands on snapshots have in common: where they are kept, which programs are used, and how they are shown."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from migrator.cli.output import counted, say, say_table
from migrator.errors import EXIT_FAILED, SnapshotDamaged
from migrator.local import client_programs
from migrator.model.snapshot import LeftBehind, Snapshot, expired
from migrator.schema.preview import Preview
from migrator.schema.restore import Restored
from migrator.schema.snapshot_store import SnapshotStore
from tasks import desk

store_option = click.option(
    "--store",
    metavar="URL",
    callback=lambda _context, _option, value: SnapshotStore(value) if value else desk.snapshot_store(),
    help="Where snapshots are kept: a directory, or any URL that fsspec knows; else the setting snapshots.",
)
yes_option = click.option("--yes", is_flag=True, help="Do not ask.")
_EXPIRY = (
    click.option("--keep-days", type=click.FloatRange(0), default=30.0, show_default=True, help="Keep all so young."),
    click.option(
        "--keep-last", type=click.IntRange(0), default=3, show_default=True, help="Keep so many of each schema anyhow."
    ),
    click.option("--dry-run", is_flag=True, help="Only say which."),
    yes_option,
)


def expiry_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that say how long snapshots are kept."""
    for option in reversed(_EXPIRY):
        command = option(command)
    return command


def places() -> tuple[Path, ...]:
    """Where the client programs are looked for: the setting, and the embedded server's."""
    embedded = client_programs()
    return (*desk.pg_places(), *((embedded,) if embedded else ()))


def as_document(snapshot: Snapshot) -> dict[str, Any]:
    """A snapshot for a program: its sidecar."""
    document: dict[str, Any] = json.loads(snapshot.as_text())
    return document


def preview_document(seen: Preview) -> dict[str, Any]:
    """What a restore would do, for a program."""
    return {
        "exists": seen.exists,
        "version": seen.version,
        "written_since": seen.written,
        "left_behind": [asdict(table) for table in seen.left_behind],
        "obstacles": list(seen.obstacles),
    }


def restored_document(done: Restored) -> dict[str, Any]:
    """What a restore did, for a program."""
    return {
        "snapshot": done.snapshot.id,
        "database": done.snapshot.database,
        "schema": done.snapshot.schema,
        "version": done.snapshot.version,
        "aside": done.aside,
        "written_since": done.written,
        "left_behind": [asdict(table) for table in done.left_behind],
        "fingerprint": done.fingerprint,
        "fingerprint_is_equal": done.is_equal,
        "seconds": round(done.seconds, 3),
    }


def say_snapshots(as_json: bool, snapshots: Sequence[Snapshot], empty: str) -> None:
    """A table, or for a program the sidecars."""
    if as_json:
        say(as_json, [as_document(snapshot) for snapshot in snapshots], lambda console: None)
        return
    headings = ("id", "database", "schema", "taken", "version", "rows", "bytes", "server", "execution")
    say_table(False, headings, (_row(snapshot) for snapshot in snapshots), empty)


def announce(seen: Preview) -> list[str]:
    """What a person has to know before a restore."""
    snapshot = seen.snapshot
    lines = [
        f"snapshot {snapshot.id} of schema {snapshot.schema} was taken {snapshot.taken_at:%Y-%m-%d %H:%M:%S %Z} at "
        f"version {snapshot.version or 'none'}; the schema {_standing(seen)}"
    ]
    return lines + [f"  {line}" for line in rows_left(seen.left_behind)]


def rows_left(tables: Sequence[LeftBehind]) -> list[str]:
    """One line for each table that was written to since."""
    return [
        f"{each.table}: {_counted(each.then)} then, {_counted(each.now)} now, about {each.written} written since"
        for each in tables
    ]


def show_restored(console: Console, done: Restored) -> None:
    """What a restore did, for a person."""
    equal = {True: "equal to", False: "NOT EQUAL to", None: "not compared with"}[done.is_equal]
    name, snapshot = done.snapshot.schema, done.snapshot
    console.print(f"schema {name} is as in snapshot {snapshot.id}; its fingerprint is {equal} the snapshot's")
    if done.aside:
        console.print(f"what was there is kept as {done.aside}, with about {done.written} rows written since")
        for line in rows_left(done.left_behind):
            console.print(f"  {line}", markup=False)


def verify_all(store: SnapshotStore, snapshots: Sequence[Snapshot], as_json: bool) -> None:
    """Read archives to their ends and say which are what was stored; ends the process with 1 when one is not."""
    rows = [(each.id, each.database, each.schema, _damage(store, each)) for each in snapshots]
    say_table(as_json, ("id", "database", "schema", "damage"), rows, "there is no snapshot")
    if any(damage for *_, damage in rows):
        sys.exit(EXIT_FAILED)


def expire(
    store: SnapshotStore,
    snapshots: Sequence[Snapshot],
    *,
    keep_days: float,
    keep_last: int,
    dry_run: bool,
    yes: bool,
) -> list[Snapshot]:
    """Delete those that are old and not among the last, if that is wanted; gives them. What crashes left goes too."""
    now = datetime.now(UTC)
    old = expired(snapshots, now, timedelta(days=keep_days), keep_last)
    if old and not dry_run and not yes:
        click.confirm(f"delete {counted(len(old), 'snapshot')} for good?", abort=True, err=True)
    if not dry_run:
        for snapshot in old:
            store.delete(snapshot)
        store.clear_away(now)
    return list(old)


def _standing(seen: Preview) -> str:
    if not seen.exists:
        return "does not exist now"
    return f"is at version {seen.version or 'none'} now, and about {seen.written} rows were written since"


def _counted(rows: int | None) -> str:
    return "not there" if rows is None else f"{rows} rows"


def _damage(store: SnapshotStore, snapshot: Snapshot) -> str | None:
    try:
        store.verify(snapshot)
    except SnapshotDamaged as error:
        return str(error)
    return None


def _row(snapshot: Snapshot) -> tuple[Any, ...]:
    rows = sum(table.count for table in snapshot.rows.values())
    where = (snapshot.id, snapshot.database, snapshot.schema, snapshot.taken_at, snapshot.version)
    return (*where, rows, snapshot.size, snapshot.server_version, snapshot.execution)
