"""What restoring a snapshot would do, before it is done."""

from __future__ import annotations

from dataclasses import dataclass

from migrator.model.snapshot import LeftBehind, Snapshot, left_behind
from migrator.schema import history, moment
from migrator.schema.history import HistoryTable
from migrator.schema.obstacles import obstacles
from migrator.schema.session import Session


@dataclass(frozen=True, slots=True)
class Preview:
    """What restoring a snapshot would do now."""

    snapshot: Snapshot
    exists: bool
    """Whether there is a schema that would be set aside."""
    version: str | None
    """What the schema is at now."""
    left_behind: tuple[LeftBehind, ...]
    obstacles: tuple[str, ...]
    """Why it would be refused; empty when it would not."""

    @property
    def written(self) -> int:
        """About how many rows, in all tables, were written since the snapshot."""
        return sum(table.written for table in self.left_behind)


def preview(session: Session, snapshot: Snapshot) -> Preview:
    """What a restore would leave behind, and what is in its way; changes nothing."""
    table = HistoryTable(snapshot.schema, snapshot.history_table)
    mark = history.read(session, table).mark
    return Preview(
        snapshot=snapshot,
        exists=history.schema_exists(session, table),
        version=mark.version if mark else None,
        left_behind=written_to(session, snapshot, snapshot.schema),
        obstacles=obstacles(session, table),
    )


def written_to(session: Session, snapshot: Snapshot, schema: str) -> tuple[LeftBehind, ...]:
    """The tables that were written to since a snapshot, in the schema of that name.

    The history table is left out: what became of it is told by the versions.
    """
    now, then = moment.table_rows(session, HistoryTable(schema)), dict(snapshot.rows)
    now.pop(snapshot.history_table, None)
    then.pop(snapshot.history_table, None)
    return left_behind(then, now)
