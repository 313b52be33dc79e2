"""Makes a history fit its folder again, after somebody has looked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from migrator.model.folder import Folder
from migrator.model.history import History, HistoryRow
from migrator.schema import amend
from migrator.schema.pending import Applied, missing, read_history
from migrator.schema.validation import as_in_folder, differences, mark_is_wrong, successful
from migrator.schema.visit import Visit


@dataclass(frozen=True, slots=True)
class _Repairs:
    """What is to be done to the rows of a history."""

    failed: list[HistoryRow]
    realigned: list[HistoryRow]
    deleted: list[HistoryRow]
    after: list[HistoryRow]
    """The rows that there are then."""


def repair(visit: Visit, folder: Folder) -> list[str]:
    """Rewrite the history of one schema to fit the folder, as Flyway's repair does; one sentence for each change.

    No script is run: what a failed, changed or missing migration did to the schema stays. Raises UnknownSchema.
    """
    with amend.opened(visit) as past:
        repairs = _repairs(folder, past)
        said = [*_sentences(repairs, past.rows), *_about_mark(folder, past, repairs)]
        if said:
            amend.forget(visit, repairs.failed)
            amend.realign(visit, repairs.realigned)
            amend.add(visit, repairs.deleted)
            visit.keep(amend.mark_for(folder, past, repairs.after))
        return said


def _repairs(folder: Folder, past: History) -> _Repairs:
    kept = successful(past.rows)
    applied = read_history(kept)
    realigned = {row.installed_rank: row for row in _realigned(folder, applied)}
    newest = max((row.installed_rank for row in kept), default=0)
    gone = missing(folder, applied)
    deleted = [_deletion(row, rank) for rank, row in enumerate(gone, start=newest + 1)]
    after = [*(realigned.get(row.installed_rank, row) for row in kept), *deleted]
    return _Repairs([row for row in past.rows if not row.success], list(realigned.values()), deleted, after)


def _realigned(folder: Folder, applied: Applied) -> list[HistoryRow]:
    """The rows that stand and do not say what the folder says, as they should be.

    A repeatable migration that changed is to be applied again, so its row stays as it is.
    """
    found = [(applied.versions.get(m.version), m) for m in folder.versioned if m.version]
    pairs = [(row, as_in_folder(row, m)) for row, m in found if row is not None]
    return [wanted for row, wanted in pairs if row != wanted]


def _deletion(row: HistoryRow, rank: int) -> HistoryRow:
    return replace(row, installed_rank=rank, type="DELETE")


def _sentences(repairs: _Repairs, before: Sequence[HistoryRow]) -> list[str]:
    old = {row.installed_rank: row for row in before}
    return [
        *(f"the row of the failed {row.script} was deleted" for row in repairs.failed),
        *(f"{row.script} has now {differences(old[row.installed_rank], row)}" for row in repairs.realigned),
        *(f"{row.script} is not in the folder and was marked as deleted" for row in repairs.deleted),
    ]


def _about_mark(folder: Folder, past: History, repairs: _Repairs) -> list[str]:
    return ["the mark was set to what the rows say"] if mark_is_wrong(folder, repairs.after, past.mark) else []
