"""Whether a schema's history and its folder agree, and where not. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from migrator.errors import HistoryError
from migrator.model.folder import Folder
from migrator.model.history import History, HistoryRow, Mark
from migrator.model.migration import Migration
from migrator.model.version import Version
from migrator.schema.pending import (
    Applied,
    first_baseline,
    has_changed,
    is_pending,
    missing,
    pending,
    read_history,
    unknown,
)


class FindingKind(StrEnum):
    """In which way folder and history differ."""

    CHANGED = "changed"
    RENAMED = "renamed"
    MISSING = "missing"
    FUTURE = "future"
    FAILED = "failed"
    PENDING = "pending"
    OUT_OF_ORDER = "out_of_order"
    MARK_DIFFERS = "mark_differs"
    BEGUN = "begun"


_NOTICES = (FindingKind.PENDING, FindingKind.FUTURE, FindingKind.RENAMED)


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference between folder and history."""

    kind: FindingKind
    script: str | None
    version: str | None
    sentence: str
    is_allowed: bool = False
    """The folder's own options say that this is no mistake."""

    @property
    def is_error(self) -> bool:
        """Whether somebody has to act; what is pending, renamed, or newer than the folder, is only told."""
        return self.kind not in _NOTICES and not self.is_allowed


def findings(folder: Folder, history: History) -> list[Finding]:
    """Every difference at once, where the engine would stop at the first."""
    applied = read_history(successful(history.rows))
    found = [
        *_failed(history.rows),
        *_changed(folder, applied),
        *_not_in_folder(folder, applied),
        *_not_applied(folder, applied, {row.script for row in history.rows if not row.success}),
    ]
    return [*found, *_about_mark(folder, history, applied, is_clean=not any(each.is_error for each in found))]


def successful(rows: Sequence[HistoryRow]) -> list[HistoryRow]:
    """The rows without those that another tool recorded as failed."""
    return [row for row in rows if row.success]


def as_in_folder(row: HistoryRow, migration: Migration) -> HistoryRow:
    """A history row as it would be if the migration's file were recorded now."""
    return replace(
        row, description=migration.history_description, type=migration.history_type, checksum=migration.checksum
    )


def differences(old: HistoryRow, new: HistoryRow) -> str:
    """What ``new`` says otherwise than ``old``, in words."""
    names = [name for name in ("checksum", "description", "type") if getattr(old, name) != getattr(new, name)]
    return ", ".join(f"{name} {getattr(new, name)} instead of {getattr(old, name)}" for name in names)


def settled_digest(folder: Folder, rows: Sequence[HistoryRow]) -> str:
    """The digest for the mark of a schema with these rows, empty as long as something is open.

    Open is what is pending up to the version reached, such as a repeatable migration that changed: with a
    digest in its mark the schema would be passed over.
    """
    try:
        reached = read_history(rows).latest
        return "" if pending(folder, rows, "", reached) else folder.digest_at(reached) or ""
    except HistoryError:
        return ""


def mark_is_wrong(folder: Folder, rows: Sequence[HistoryRow], mark: Mark | None) -> bool:
    """Whether the mark says something else than the rows that succeeded.

    No mark is not wrong, and neither is one for an older state of the folder. The mark of a schema with a script
    that was begun is left alone.
    """
    if mark is None or mark.begun:
        return False
    reached = read_history(successful(rows)).latest
    if (Version(mark.version) if mark.version else None) != reached:
        return True
    return bool(mark.digest) and mark.digest == folder.digest_at(reached) and not settled_digest(folder, rows)


def _failed(rows: Sequence[HistoryRow]) -> Iterator[Finding]:
    for row in rows:
        if not row.success:
            said = f"{row.script} failed and left its history row; look at the schema, then repair the history"
            yield Finding(FindingKind.FAILED, row.script, row.version, said)


def _changed(folder: Folder, applied: Applied) -> Iterator[Finding]:
    for migration in folder.versioned:
        row = applied.versions.get(migration.version) if migration.version else None
        if row is None:
            continue
        if row.checksum not in (None, migration.checksum):
            said = (
                f"{migration.script} was changed after it was applied: history has checksum {row.checksum}, the file "
                f"has {migration.checksum}; put the file back, or repair the history"
            )
            yield Finding(FindingKind.CHANGED, migration.script, row.version, said)
        wanted = replace(as_in_folder(row, migration), checksum=row.checksum)
        if wanted != row:
            said = f"{migration.script} is recorded with {differences(wanted, row)}; a repair of the history mends it"
            yield Finding(FindingKind.RENAMED, migration.script, row.version, said)


def _not_in_folder(folder: Folder, applied: Applied) -> Iterator[Finding]:
    gone = missing(folder, applied)
    for row in unknown(folder, applied).values():
        if row in gone:
            said = f"{row.script} was applied and is not in {folder.path}; put the file back, or repair the history"
            yield Finding(FindingKind.MISSING, row.script, row.version, said)
        else:
            said = f"{row.script} was applied and is newer than everything in {folder.path}"
            yield Finding(FindingKind.FUTURE, row.script, row.version, said)


def _not_applied(folder: Folder, applied: Applied, failed: set[str]) -> Iterator[Finding]:
    start = first_baseline(folder, applied, None)
    passed = start[-1].version if start else applied.baseline
    todo = [*start, *(m for m in folder.versioned if is_pending(m, applied, passed))]
    for migration in todo:
        if migration.script not in failed:
            yield _late_or_pending(folder, migration, applied.latest)
    for migration in folder.repeatable:
        if has_changed(migration, applied.repeatables.get(migration.history_description)):
            yield _pending(migration)


def _late_or_pending(folder: Folder, migration: Migration, reached: Version | None) -> Finding:
    if reached is None or migration.version is None or migration.version > reached:
        return _pending(migration)
    said = f"{migration.script} was never applied, and the schema is already at version {reached}"
    advice = "; it will be applied late" if folder.out_of_order else "; give the file a higher version"
    return Finding(
        FindingKind.OUT_OF_ORDER, migration.script, str(migration.version), said + advice, folder.out_of_order
    )


def _pending(migration: Migration) -> Finding:
    version = str(migration.version) if migration.version else None
    return Finding(FindingKind.PENDING, migration.script, version, f"{migration.script} is to be applied")


def _about_mark(folder: Folder, history: History, applied: Applied, *, is_clean: bool) -> Iterator[Finding]:
    """A mark that hides a mistake already told is no finding of its own; the same repair mends both."""
    mark = history.mark
    if mark is not None and mark.begun:
        said = (
            f"{mark.begun} was begun and not finished, {mark.statements} of its statements are done; "
            "the next run goes on there"
        )
        yield Finding(FindingKind.BEGUN, mark.begun, None, said)
    elif is_clean and mark is not None and mark_is_wrong(folder, history.rows, mark):
        at, reached = mark.version or "no version", applied.latest or "no version"
        said = (
            f"the mark of the history table stands for {at}, its rows for {reached} and what is open there; repair it"
        )
        yield Finding(FindingKind.MARK_DIFFERS, None, mark.version, said)
