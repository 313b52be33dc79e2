"""Copies of schemas around a change: a snapshot taken before it, and put back to take it back."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog

from migrator.errors import NoSnapshot
from migrator.model.folder import Folder
from migrator.model.history import History
from migrator.model.migration import Migration
from migrator.model.rollout import Rollout
from migrator.model.snapshot import Snapshot, SnapshotPolicy, wants_snapshot
from migrator.model.target import Database
from migrator.model.version import Version
from migrator.model.way_back import WayBackOf
from migrator.schema import history
from migrator.schema import restore as restoring
from migrator.schema.engine import Change
from migrator.schema.history import HistoryTable
from migrator.schema.pending import pending, read_history
from migrator.schema.session import Session
from migrator.schema.snapshot import take
from tasks import desk

log = structlog.get_logger("migrator.snapshot")


def take_before(
    session: Session,
    database: Database,
    schema: str,
    execution: str,
    rollout: Rollout,
    folder: Folder,
    to: Version | None,
    way_back: WayBackOf,
) -> Snapshot | None:
    """A snapshot before a change, where the rollout's policy wants one and there is something to change.

    A way back is safe when somebody wrote it, or when it is certain. Raises what ``take`` raises.
    """
    policy = SnapshotPolicy(rollout.snapshots)
    if policy is SnapshotPolicy.NEVER:
        return None
    rules = desk.rules(database)
    table = HistoryTable(schema, rules.history_table)
    if not history.schema_exists(session, table):
        return None
    todo = pending(folder, history.read(session, table).rows, schema, to)
    if not todo or not wants_snapshot(policy, all(isinstance(way_back(each), Migration) for each in todo)):
        return None
    taken = take(session, schema, desk.snapshot_store(), rules=rules, places=desk.pg_places(), execution=execution)
    log.info("snapshot taken", schema=schema, snapshot=taken.id, bytes=taken.size)
    return taken


def put_back(
    session: Session, database: Database, schema: str, execution: str, snapshot_id: str | None, past: History
) -> Change:
    """Restore the snapshot that an execution took before it changed a schema; what is there now is kept aside.

    Raises NoSnapshot, SnapshotDamaged and what ``restore`` raises; the schema is as it was before then.
    """
    started, store, rules = time.monotonic(), desk.snapshot_store(), desk.rules(database)
    found = _first(store.snapshots(database.id, schema), lambda each: each.id == snapshot_id) or _first(
        store.snapshots(database.id, schema), lambda each: each.execution == execution
    )
    if found is None:
        raise NoSnapshot(schema=schema, database=database.id, execution=execution)
    restored = restoring.restore(session, found, store, rules=rules, places=desk.pg_places())
    log.info("snapshot put back", schema=schema, snapshot=found.id, aside=restored.aside, left_behind=restored.written)
    before = read_history(past.rows).latest
    return Change(
        schema,
        str(before) if before else None,
        found.version,
        (f"snapshot {found.id}",),
        seconds=time.monotonic() - started,
        since_rank=past.newest_rank,
        until_rank=found.rank,
    )


def _first(found: list[Snapshot], is_it: Callable[[Snapshot], bool]) -> Snapshot | None:
    """The oldest of those that are meant: an attempt that came later saw a schema that had been changed already."""
    return next((each for each in sorted(found, key=lambda each: each.taken_at) if is_it(each)), None)
