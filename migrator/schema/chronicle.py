"""A history as a person reads it: with when, and by whom."""

from __future__ import annotations

from migrator.model.explanation import Recorded
from migrator.schema.history import HistoryTable
from migrator.schema.session import Session


def chronicle(session: Session, table: HistoryTable) -> tuple[Recorded, ...]:
    """Every row of a history in order; nothing where there is no such table."""
    if not session.ask(session.text(table.compose("exists")))[0][0]:
        return ()
    found = session.ask(session.text(table.compose("chronicle")))
    return tuple(Recorded(*row) for row in found)
