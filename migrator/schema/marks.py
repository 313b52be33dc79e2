"""The marks of all schemas of a database, in one query."""

from __future__ import annotations

from psycopg2 import sql

from migrator.model.history import Mark
from migrator.schema.history import DEFAULT_TABLE, QUERIES
from migrator.schema.session import Session

__all__ = ["read_marks"]


def read_marks(session: Session, history_table: str = DEFAULT_TABLE) -> dict[str, Mark]:
    """Schema name to mark, for every schema that has a history with a mark. Reads the catalog alone."""
    query = sql.SQL(QUERIES["marks"]).format(history_text=sql.Literal(history_table))
    found = ((schema, Mark.read(comment)) for schema, comment in session.ask(session.text(query)))
    return {schema: mark for schema, mark in found if mark is not None}
