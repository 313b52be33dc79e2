"""Copies of schemas: taken before a change, put back after it."""

from __future__ import annotations

from migrator.errors import NotSupportedYet
from migrator.model.history import History
from migrator.model.target import Database
from migrator.schema.engine import Change
from migrator.schema.session import Session


def restore(session: Session, database: Database, schema: str, snapshot: str | None, past: History) -> Change:
    """Put a snapshot back; what was there before is kept aside."""
    raise NotSupportedYet(what="restoring a snapshot")
