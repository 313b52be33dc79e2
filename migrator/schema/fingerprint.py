"""What is in a schema's catalog, and its fingerprint: a hash that is equal where two schemas are alike.

Left out are the names of schema and owner, the order of a table's columns (not that of a view or a composite type),
tablespaces, a sequence's last value, a comment on the schema itself, the history table and what extensions own.
A function's body is text: where it names its schema by other means than ``schema.``, or gives an alias that name,
two alike schemas differ. Texts are the server's, so fingerprints of two major versions are not to be compared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from psycopg2 import sql

from migrator.errors import UnknownSchema
from migrator.queries import load_queries
from migrator.schema.history import DEFAULT_TABLE
from migrator.schema.session import Session

QUERIES = load_queries(Path(__file__).parent / "sql" / "fingerprint.sql")
HEX_CHARACTERS = 32


@dataclass(frozen=True, slots=True, order=True)
class Item:
    """One thing in a schema, for example ``Item("column", "orders.total", "bigint not null default 0")``."""

    kind: str
    name: str
    definition: str


@dataclass(frozen=True)
class Catalog:
    """Everything in one schema, sorted. An empty schema has no items and a fingerprint all the same."""

    items: tuple[Item, ...] = ()

    @cached_property
    def fingerprint(self) -> str:
        """The same 32 hexadecimal characters as the server makes in ``fingerprints_of``."""
        lines = sorted("\x1f".join((item.kind, item.name, item.definition)).encode() for item in self.items)
        return hashlib.sha256(b"\x1e".join(lines)).hexdigest()[:HEX_CHARACTERS]


def describe(session: Session, schema: str, history_table: str = DEFAULT_TABLE) -> Catalog:
    """Everything in a schema, asked in one round trip; an open transaction sees what it has changed itself.

    Raises UnknownSchema, and QueryRefused when the server refuses the question, for example after a lock_timeout.
    """
    rows = _ask(session, "one_by_one", [schema], history_table)
    if not rows:
        raise UnknownSchema(database=session.database_id, schema=schema)
    return Catalog(tuple(sorted(Item(*item) for _schema, *item in rows if item[0] is not None)))


def fingerprint_of(session: Session, schema: str, history_table: str = DEFAULT_TABLE) -> str:
    """The fingerprint of a schema. Errors as ``describe``."""
    found = fingerprints_of(session, [schema], history_table)
    if schema not in found:
        raise UnknownSchema(database=session.database_id, schema=schema)
    return found[schema]


def fingerprints_of(session: Session, schemas: Sequence[str], history_table: str = DEFAULT_TABLE) -> dict[str, str]:
    """Schema to fingerprint, one query however many there are; a schema that does not exist is not in it."""
    return dict(_ask(session, "summed_up", schemas, history_table))


def _ask(session: Session, look: str, schemas: Sequence[str], history_table: str) -> list[tuple[Any, ...]]:
    lines = sql.SQL(QUERIES["lines"]).format(history_table=sql.Literal(history_table))
    query = sql.SQL(QUERIES["inside"]).format(
        schemas=sql.Literal(list(schemas)), look=sql.SQL(QUERIES[look]).format(lines=lines)
    )
    return [row for row in session.ask(session.text(query)) if row[0] is not None]
