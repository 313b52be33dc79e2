"""What a lane does to each target, by the kind of its execution."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import Row

from migrator.model import execution as model
from migrator.model.execution import Claim, Outcome
from migrator.model.target import Database
from migrator.schema.session import Session
from tasks.drifting import Drifting
from tasks.maintaining import analyzing, reindexing
from tasks.migrating import Migrating
from tasks.proving import Unproven
from tasks.rolling_back import RollingBack
from tasks.snapshotting import snapshotting
from tasks.validating import validating


class Work(Protocol):
    """Done by one lane on one database."""

    def begin(self, session: Session, batch: Sequence[Claim]) -> None:
        """What is better done for a whole batch at once, before its first target."""

    def one(self, session: Session, claim: Claim) -> Outcome | Unproven | None:
        """Work on one target; its own failure is an outcome, None for one that may pass and is tried again."""


KINDS: Mapping[model.Work, Callable[[Row[Any], Database], Work]] = {
    model.Work.MIGRATE: Migrating,
    model.Work.ROLLBACK: RollingBack,
    model.Work.VALIDATE: validating,
    model.Work.DRIFT: Drifting,
    model.Work.SNAPSHOT: snapshotting,
    model.Work.REINDEX: reindexing,
    model.Work.ANALYZE: analyzing,
}


def work_of(row: Row[Any], database: Database) -> Work:
    """The work of an execution on a database. Raises the MigratorError because of which none of it can be done."""
    return KINDS[model.Work(row.kind)](row, database)
