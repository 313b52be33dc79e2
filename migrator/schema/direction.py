"""The two directions in which a schema can be taken: what is to be run, and what its mark says afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from migrator.errors import BegunBefore
from migrator.model.folder import Folder
from migrator.model.history import History, HistoryRow, Mark
from migrator.model.migration import Migration, is_way_back
from migrator.model.version import Version
from migrator.model.way_back import WayBackOf
from migrator.schema.back import Since, to_undo
from migrator.schema.pending import pending, read_history
from migrator.schema.validation import settled_digest
from migrator.schema.visit import Visit


class Direction(Protocol):
    """The direction in which a schema is taken."""

    def todo(self, past: History, schema: str) -> list[Migration]:
        """What is to be run, in order."""

    def digest(self, rows: Sequence[HistoryRow], reached: Version | None) -> str:
        """Of the folder's state that a schema with this history is current for; empty for none."""

    def nothing_to_do(self, visit: Visit, past: History, since: int) -> None:
        """What is kept of a visit that finds nothing to run."""


@dataclass(frozen=True, slots=True)
class Forward:
    """Towards the folder's newest version, or a given one."""

    folder: Folder
    to: Version | None = None

    def todo(self, past: History, schema: str) -> list[Migration]:
        """What is pending; refused in the middle of a way back."""
        if past.mark is not None and past.mark.begun and is_way_back(past.mark.begun):
            raise BegunBefore(schema=schema, begun=past.mark.begun, advice="go on with 'down' first")
        return pending(self.folder, past.rows, schema, self.to)

    def digest(self, rows: Sequence[HistoryRow], reached: Version | None) -> str:
        """The state up to the version reached: everything up to there is applied."""
        return self.folder.digest_at(reached) or ""

    def nothing_to_do(self, visit: Visit, past: History, since: int) -> None:
        """A schema that is current and has no mark yet, or another tool's, gets one; so does an empty new one."""
        reached = read_history(past.rows).latest
        version, digest = str(reached) if reached else None, self.digest(past.rows, reached)
        if past.mark is None or (past.mark.version, past.mark.digest) != (version, digest):
            before = past.mark or Mark(None, "", since_rank=since)
            visit.keep(Mark(version, digest, before.execution, before.since_rank, stage=before.stage))


@dataclass(frozen=True, slots=True)
class Backward:
    """Towards where the schema was before."""

    folder: Folder
    since: Since
    way_back: WayBackOf

    def todo(self, past: History, schema: str) -> list[Migration]:
        """The ways back; refused in the middle of a way forward."""
        if past.mark is not None and past.mark.begun and not is_way_back(past.mark.begun):
            raise BegunBefore(schema=schema, begun=past.mark.begun, advice="go on with 'up' first")
        return to_undo(self.folder, past.rows, schema, self.since, self.way_back)

    def digest(self, rows: Sequence[HistoryRow], reached: Version | None) -> str:
        """Empty while a repeatable migration is pending at that version."""
        return settled_digest(self.folder, rows)

    def nothing_to_do(self, visit: Visit, past: History, since: int) -> None:
        """Nothing: not even a history that entering made is kept."""
