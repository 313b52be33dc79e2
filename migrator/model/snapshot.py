"""Snapshots: what is known of a stored copy of one schema, when one is wanted, and how long it is kept."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby

FORMAT = 1
"""Of the sidecar, the JSON document beside each archive."""


class SnapshotPolicy(StrEnum):
    """When a change is preceded by a snapshot."""

    NEVER = "never"
    UNSAFE = "unsafe"
    """When nothing else leads back safely."""
    ALWAYS = "always"


def wants_snapshot(policy: SnapshotPolicy, has_safe_way_back: bool) -> bool:
    """Whether a snapshot is to be taken before a change."""
    return policy is SnapshotPolicy.ALWAYS or (policy is SnapshotPolicy.UNSAFE and not has_safe_way_back)


@dataclass(frozen=True, slots=True)
class TableRows:
    """How many rows a table has, and how many the server's statistics have seen written so far."""

    count: int
    relation: int
    """The table's oid: statistics of another relation of that name say nothing."""
    written: int

    def written_since(self, then: TableRows | None) -> int:
        """Rows inserted, updated and deleted since; at least the difference of the counts.

        Statistics lag behind by a second, and start again after a crash; then the counts alone are left.
        """
        if then is None:
            return max(self.count, self.written)
        counted = abs(self.count - then.count)
        return max(counted, self.written - then.written) if self.relation == then.relation else counted


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """One table whose present rows a restore would leave behind; None where the table is not there."""

    table: str
    then: int | None
    now: int | None
    written: int
    """About how many rows were written since."""


def left_behind(then: Mapping[str, TableRows], now: Mapping[str, TableRows]) -> tuple[LeftBehind, ...]:
    """The tables that were written to, made or dropped since."""
    found = (_left_behind(table, then.get(table), now.get(table)) for table in sorted({*then, *now}))
    return tuple(each for each in found if each.written or None in (each.then, each.now))


def _left_behind(table: str, then: TableRows | None, now: TableRows | None) -> LeftBehind:
    written = now.written_since(then) if now else 0
    return LeftBehind(table, then.count if then else None, now.count if now else None, written)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A stored copy of one schema; all that is known of it without opening the archive."""

    id: str
    database: str
    schema: str
    taken_at: datetime
    server_version: str
    dump_version: str
    """Of the pg_dump that wrote it; an older pg_restore may not read it."""
    size: int
    sha256: str
    rows: Mapping[str, TableRows]
    history_table: str
    rank: int
    """The newest installed_rank of its history, 0 without one."""
    version: str | None
    fingerprint: str | None = None
    execution: str | None = None
    usable_by_all: bool = False
    """Whether PUBLIC may use the schema; pg_dump does not say so of the schema ``public``."""

    def as_text(self) -> str:
        """The sidecar."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1, default=datetime.isoformat)

    @staticmethod
    def read(text: str | bytes) -> Snapshot:
        """A sidecar read back. Raises ValueError when it is none, or of a format that this release does not know."""
        document = json.loads(text)
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise ValueError(f"it is no sidecar of format {FORMAT}")
        try:
            known = {field.name: document[field.name] for field in fields(Snapshot)}
            known["taken_at"] = datetime.fromisoformat(known["taken_at"])
            known["rows"] = {table: TableRows(**rows) for table, rows in known["rows"].items()}
            return Snapshot(**known)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"it lacks {error}") from None


def expired(snapshots: Iterable[Snapshot], now: datetime, keep_for: timedelta, keep_last: int) -> tuple[Snapshot, ...]:
    """The snapshots to delete: older than ``keep_for`` and not among the newest ``keep_last`` of their schema."""
    ordered = sorted(snapshots, key=lambda s: (s.database, s.schema, s.taken_at), reverse=True)
    groups = (list(group) for _, group in groupby(ordered, key=lambda s: (s.database, s.schema)))
    return tuple(each for group in groups for each in group[keep_last:] if each.taken_at < now - keep_for)
