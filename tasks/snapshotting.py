"""Taking snapshots, and letting go of those that are old enough."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Row

from migrator.errors import SnapshotStoreFailed
from migrator.model.execution import Claim, Outcome
from migrator.model.snapshot import Snapshot, expired
from migrator.model.target import Database
from migrator.schema.session import Session
from migrator.schema.snapshot import take
from migrator.schema.snapshot_store import SnapshotStore
from tasks import desk
from tasks.maintaining import Maintaining, done, rules_for

log = structlog.get_logger("migrator.snapshot")


def snapshotting(row: Row[Any], database: Database) -> Maintaining:
    """Stores a copy of each target, once in an execution; then its old ones go. Raises SnapshotStoreFailed."""
    rules, store = rules_for(row, database), desk.snapshot_store()

    def do(session: Session, claim: Claim) -> Outcome:
        stored = store.snapshots(claim.database_id, claim.schema_name)
        ours = next((snapshot for snapshot in stored if snapshot.execution == row.id), None)
        if ours is None:
            ours = take(session, claim.schema_name, store, rules=rules, places=desk.pg_places(), execution=row.id)
            stored = [ours, *stored]
        note = f"{ours.size} bytes stored, {_expire(store, stored)} old snapshots deleted"
        at = {"from_version": ours.version, "to_version": ours.version, "fingerprint_after": ours.fingerprint}
        return done(claim, note, snapshot=ours.id, **at)

    return Maintaining(do)


def clear_away() -> None:
    """Remove what crashes left in the store; where that fails it is done the next time."""
    try:
        removed = desk.snapshot_store().clear_away(datetime.now(UTC))
    except SnapshotStoreFailed as error:
        log.warning("snapshot store could not be cleared", reason=str(error))
        return
    if removed:
        log.info("snapshot store was cleared", files=removed)


def _expire(store: SnapshotStore, stored: Sequence[Snapshot]) -> int:
    chosen = desk.settings()
    keep_for = timedelta(days=chosen.snapshot_keep_days)
    old = expired(stored, datetime.now(UTC), keep_for, chosen.snapshot_keep_last)
    for snapshot in old:
        store.delete(snapshot)
    return len(old)
