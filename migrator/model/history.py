"""What a target's history says, and the mark that sums it up."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from migrator.model.folder import Folder
from migrator.model.version import Version


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One row of Flyway's table, columns named as Flyway names them."""

    installed_rank: int
    version: str | None
    description: str
    type: str
    script: str
    checksum: int | None
    success: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """The sum of a schema's history, kept as the comment of its history table.

    Written in the transaction that writes history, so it cannot disagree with it unless another tool wrote
    history since. It travels with a dump or a rename of the schema, and all marks of a database are one query.
    """

    version: str | None
    digest: str
    """Of the folder's state that the schema is current for."""
    execution: str | None = None
    """The execution that last changed the schema."""
    since_rank: int = 0
    """The newest installed_rank before that execution began."""
    begun: str | None = None
    """A script that commits statement by statement and was not recorded yet."""
    statements: int = 0
    """How many of its statements are done; the next one may have been begun."""
    stage: int = 1
    """The stage of that execution, which may have changed the schema in an earlier one before."""

    def as_text(self) -> str:
        """Compact JSON with our name in front, so that nobody takes it for prose."""
        return "migrator " + json.dumps(asdict(self), separators=(",", ":"))

    @staticmethod
    def read(comment: str | None) -> Mark | None:
        """The mark in a table's comment, None where there is none or it is somebody else's text."""
        if not comment or not comment.startswith("migrator {"):
            return None
        try:
            return Mark(**json.loads(comment.removeprefix("migrator ")))
        except (TypeError, ValueError):
            return None


@dataclass(frozen=True, slots=True)
class History:
    """What a history table said when it was read."""

    rows: tuple[HistoryRow, ...] = ()
    mark: Mark | None = None

    @property
    def newest_rank(self) -> int:
        """The highest installed_rank, 0 for an empty history."""
        return max((row.installed_rank for row in self.rows), default=0)


def is_current(mark: Mark | None, folder: Folder, to: Version | None) -> bool:
    """Whether a schema with this mark has nothing to gain from the folder up to a version (None: all of it)."""
    if mark is None:
        return False
    reached = Version(mark.version) if mark.version else None
    if folder.digest_at(reached) != mark.digest:
        return False
    wanted = to or folder.newest
    return wanted is None or (reached is not None and reached >= wanted)
