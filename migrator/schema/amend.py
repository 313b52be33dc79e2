"""Changes to a history without running a script: what repair, baseline and adoption have in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from psycopg2 import sql

from migrator.errors import UnknownSchema
from migrator.model.folder import Folder
from migrator.model.history import History, HistoryRow, Mark
from migrator.model.identifier import quoted
from migrator.queries import load_queries
from migrator.schema.history import HistoryTable, schema_exists
from migrator.schema.pending import read_history
from migrator.schema.validation import settled_digest
from migrator.schema.visit import Visit

_QUERIES = load_queries(Path(__file__).parent / "sql" / "amend.sql")


@contextmanager
def opened(visit: Visit) -> Iterator[History]:
    """The history of a schema that exists, under its lock and in one transaction; what is not kept is taken back.

    Raises UnknownSchema beforehand, because entering would make the schema.
    """
    if not schema_exists(visit.session, visit.table):
        raise UnknownSchema(database=visit.session.database_id, schema=visit.table.schema)
    try:
        yield visit.enter()
    finally:
        visit.leave()


def add(visit: Visit, rows: Sequence[HistoryRow]) -> None:
    """Write new rows with the ranks that they have."""
    if rows:
        _send(visit, text(visit, "add", rows=_values([_added(row) for row in rows])))


def realign(visit: Visit, rows: Sequence[HistoryRow]) -> None:
    """Give rows that are there the description, type and checksum that these have."""
    if rows:
        found = [(row.installed_rank, row.description, row.type, row.checksum) for row in rows]
        _send(visit, text(visit, "realign", rows=_values(found)))


def forget(visit: Visit, rows: Sequence[HistoryRow]) -> None:
    """Delete rows."""
    if rows:
        ranks = sql.SQL(", ").join(sql.Literal(row.installed_rank) for row in rows)
        _send(visit, text(visit, "forget", ranks=ranks))


def mark_for(folder: Folder, past: History, rows: Sequence[HistoryRow]) -> Mark:
    """The mark of a history that has become ``rows``. What it says of executions and of a begun script stays."""
    reached = read_history(rows).latest
    before = past.mark or Mark(None, "", since_rank=past.newest_rank)
    return replace(before, version=str(reached) if reached else None, digest=settled_digest(folder, rows))


def _added(row: HistoryRow) -> tuple[object, ...]:
    return (row.installed_rank, row.version, row.description, row.type, row.script, row.checksum)


def _values(rows: Sequence[tuple[object, ...]]) -> sql.Composed:
    return sql.SQL(", ").join(sql.SQL("({})").format(sql.SQL(", ").join(map(sql.Literal, row))) for row in rows)


def _send(visit: Visit, statement: str) -> None:
    visit._send(statement, "writing its history")


def text(visit: Visit, name: str, **more: sql.Composable) -> str:
    """A query of amend.sql for the visit's schema and history table."""
    table: HistoryTable = visit.table
    return visit.session.text(
        sql.SQL(_QUERIES[name]).format(
            schema=sql.Identifier(table.schema),
            schema_name=sql.Literal(quoted(table.schema)),
            history=sql.Identifier(table.table),
            **more,
        )
    )
