"""Which of some names the schemas of a database have already: one query, however many schemas there are."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from psycopg2 import sql

from migrator.model.collision import There
from migrator.queries import load_queries
from migrator.schema.session import Session

__all__ = ["names_there"]

_QUERIES = load_queries(Path(__file__).parent / "sql" / "collisions.sql")


def names_there(session: Session, schemas: Collection[str], names: Collection[str]) -> dict[str, list[There]]:
    """Schema to what it has of these names; reads the catalog alone. Raises QueryRefused."""
    text = sql.SQL(_QUERIES["names_there"]).format(
        schemas=sql.Literal(sorted(schemas)), names=sql.Literal(sorted(names))
    )
    found: dict[str, list[There]] = {}
    for schema, kind, name, owner, arguments in session.ask(session.text(text)) if schemas and names else ():
        found.setdefault(schema, []).append(There(kind, name, owner, tuple(arguments)))
    return found
