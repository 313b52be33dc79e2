"""Somebody who looks on while the engine works, inside its transactions."""

from __future__ import annotations

from typing import Protocol

from migrator.model.migration import Migration
from migrator.schema.session import Session


class Witness(Protocol):
    """Is told of each migration before and after it; what is raised ends the visit, and is taken back with it.

    The transaction that the migration runs in is open at both times, unless it runs outside one.
    """

    def begin(self, session: Session, migration: Migration) -> None:
        """Before its first statement."""

    def end(self, session: Session, migration: Migration) -> None:
        """Behind its last statement, before anything is committed."""
