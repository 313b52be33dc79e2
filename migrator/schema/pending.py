"""What is pending: the folder held against the history of one schema. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from migrator.errors import (
    ChecksumChanged,
    MigrationFailedBefore,
    MigrationMissing,
    MigrationMoved,
    MigrationOutOfOrder,
)
from migrator.model.folder import Folder
from migrator.model.history import HistoryRow
from migrator.model.migration import Migration
from migrator.model.version import Version

BASELINES = ("BASELINE", "SQL_BASELINE", "SCRIPT_BASELINE")
"""Types of rows that stand for all versions up to their own."""


@dataclass(frozen=True)
class Applied:
    """A history read to its end: which rows still stand, after undos and repeats."""

    versions: dict[Version, HistoryRow]
    repeatables: dict[str, HistoryRow]
    baseline: Version | None = None

    @property
    def latest(self) -> Version | None:
        """The version the schema is at, None for a fresh one."""
        reached = [*self.versions, *([self.baseline] if self.baseline else [])]
        return max(reached, default=None)


def read_history(rows: Iterable[HistoryRow], schema: str = "") -> Applied:
    """Fold history rows, oldest first, into what stands applied.

    Raises MigrationFailedBefore for a row that another tool recorded as failed.
    """
    applied = Applied({}, {})
    for row in rows:
        if not row.success:
            raise MigrationFailedBefore(schema=schema, script=row.script)
        applied = _with(applied, row)
    return applied


def _with(applied: Applied, row: HistoryRow) -> Applied:
    if row.version is None:
        if row.type in ("SCHEMA", "DELETE") or is_undo(row):
            applied.repeatables.pop(row.description, None)
        else:
            applied.repeatables[row.description] = row
        return applied
    version = _parsed(row.version)
    if row.type in BASELINES:
        return Applied(applied.versions, applied.repeatables, version)
    if row.type == "DELETE" or is_undo(row):
        applied.versions.pop(version, None)
        return applied if version != applied.baseline else Applied(applied.versions, applied.repeatables)
    applied.versions[version] = row
    return applied


def is_undo(row: HistoryRow) -> bool:
    """Whether a row says that an earlier one was taken back."""
    return row.type.startswith("UNDO")


@lru_cache(maxsize=10_000)
def _parsed(text: str) -> Version:
    """A fleet has the same few versions in each of its thousands of histories."""
    return Version(text)


def pending(folder: Folder, rows: Sequence[HistoryRow], schema: str, to: Version | None = None) -> list[Migration]:
    """The migrations that a schema still needs, in the order in which they are applied.

    Raises a HistoryError when folder and history disagree: a changed or missing file, one that comes too late.
    """
    applied = read_history(rows, schema)
    _check_checksums(folder, applied, schema)
    _check_moved(folder, applied, schema)
    _check_missing(folder, applied, schema)
    start = first_baseline(folder, applied, to)
    passed = start[-1].version if start else applied.baseline
    todo = [m for m in folder.versioned if is_pending(m, applied, passed) and (to is None or _version(m) <= to)]
    if not folder.out_of_order:
        _check_order(todo, applied, schema)
    changed = (m for m in folder.repeatable if has_changed(m, applied.repeatables.get(m.history_description)))
    return [*start, *todo, *changed]


def unknown(folder: Folder, applied: Applied) -> dict[Version, HistoryRow]:
    """What was applied and is not in the folder.

    Files that a baseline migration stands for may be gone, once the schema has come as far as the baseline.
    """
    known = {m.version for m in folder.versioned}
    reached = [_version(m) for m in folder.baselines if applied.latest and _version(m) <= applied.latest]
    covered = max(reached, default=None)
    return {v: row for v, row in applied.versions.items() if v not in known and not (covered and v <= covered)}


def missing(folder: Folder, applied: Applied) -> list[HistoryRow]:
    """What was applied below the folder's newest version and is not in the folder.

    A version above it comes from a newer release of the folder and is none of our business.
    """
    newest = folder.newest
    return [row for version, row in unknown(folder, applied).items() if newest and version < newest]


def _version(migration: Migration) -> Version:
    if migration.version is None:
        raise ValueError(f"{migration} is no versioned migration")
    return migration.version


def first_baseline(folder: Folder, applied: Applied, to: Version | None) -> list[Migration]:
    """The newest baseline migration that reaches no further than asked, for a schema that nothing was applied to."""
    if applied.latest is not None:
        return []
    return [m for m in folder.baselines if to is None or _version(m) <= to][-1:]


def is_pending(migration: Migration, applied: Applied, passed: Version | None) -> bool:
    """Whether a versioned migration was neither applied nor passed by a baseline."""
    version = _version(migration)
    return version not in applied.versions and not (passed and version <= passed)


def has_changed(migration: Migration, row: HistoryRow | None) -> bool:
    """Whether a repeatable migration is to be applied, again or for the first time."""
    return row is None or row.checksum != migration.checksum


def _check_checksums(folder: Folder, applied: Applied, schema: str) -> None:
    for migration in folder.versioned:
        row = applied.versions.get(_version(migration))
        if row is not None and row.checksum is not None and row.checksum != migration.checksum:
            raise ChecksumChanged(
                script=migration.script, schema=schema, applied=row.checksum, found=migration.checksum
            )


def _check_moved(folder: Folder, applied: Applied, schema: str) -> None:
    """A version that is not in the folder, and the file that it was applied from is."""
    known = {_version(m) for m in folder.versioned}
    by_script = {m.script: m for m in folder.versioned}
    for version, row in applied.versions.items():
        moved = by_script.get(row.script)
        if version not in known and moved is not None and _version(moved) not in applied.versions:
            raise MigrationMoved(script=row.script, schema=schema, applied=version, found=moved.version)


def _check_missing(folder: Folder, applied: Applied, schema: str) -> None:
    for row in missing(folder, applied):
        raise MigrationMissing(schema=schema, script=row.script, folder=folder.path)


def _check_order(todo: Sequence[Migration], applied: Applied, schema: str) -> None:
    if todo and applied.latest is not None and _version(todo[0]) < applied.latest:
        raise MigrationOutOfOrder(script=todo[0].script, schema=schema, version=applied.latest)
