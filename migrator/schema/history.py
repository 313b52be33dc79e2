"""The history table of one schema: Flyway's, statement by statement."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg2 import sql

from migrator.model.history import History, HistoryRow, Mark
from migrator.model.identifier import quoted
from migrator.model.migration import Migration
from migrator.queries import load_queries
from migrator.schema.session import Session

DEFAULT_TABLE = "flyway_schema_history"
QUERIES = load_queries(Path(__file__).parent / "sql" / "engine.sql")


@dataclass(frozen=True, slots=True)
class HistoryTable:
    """Where one schema's history is."""

    schema: str
    table: str = DEFAULT_TABLE

    @property
    def lock(self) -> int:
        """The advisory lock's key: 64 bits of the schema's name. PostgreSQL keeps such locks per database."""
        return int.from_bytes(hashlib.sha256(f"migrator {self.schema}".encode()).digest()[:8], signed=True)

    def compose(self, name: str, **more: sql.Composable) -> sql.Composed:
        """A query of engine.sql with the names of this table put in."""
        return sql.SQL(QUERIES[name]).format(
            schema=sql.Identifier(self.schema),
            history=sql.Identifier(self.table),
            history_pk=sql.Identifier(f"{self.table}_pk"),
            history_index=sql.Identifier(f"{self.table}_s_idx"),
            schema_name=sql.Literal(quoted(self.schema)),
            history_name=sql.Literal(quoted(self.schema, self.table)),
            lock=sql.Literal(self.lock),
            **more,
        )


def read(session: Session, table: HistoryTable) -> History:
    """History and mark of a schema; empty when there is no such table. Takes no lock and makes nothing."""
    if not session.ask(session.text(table.compose("exists")))[0][0]:
        return History()
    return as_history(session.ask(session.text(table.compose("read"))))


def schema_exists(session: Session, table: HistoryTable) -> bool:
    """Whether there is such a schema at all, with a history or without."""
    return bool(session.ask(session.text(table.compose("schema_exists")))[0][0])


def as_history(found: Sequence[tuple[Any, ...]]) -> History:
    """Rows of the queries ``enter`` and ``read``: the mark in each, history columns null for an empty table.

    They come in any order: for a server that does this once per schema, planning a sort takes longer than sorting.
    """
    rows = [HistoryRow(*row[1:]) for row in found if row[1] is not None]
    rows.sort(key=lambda row: row.installed_rank)
    return History(tuple(rows), Mark.read(found[0][0]) if found else None)


def record(table: HistoryTable, rows: sql.Composable, newest_rank: int, mark: Mark) -> sql.Composed:
    """The statements that write the history rows of scripts that just ran, on top of that rank, and the mark."""
    return table.compose("record", rows=rows, rank=sql.Literal(newest_rank), mark=sql.Literal(mark.as_text()))


def rows_of(migrations: Sequence[Migration]) -> sql.Composed:
    """The rows that record migrations, the same for every schema: ranks are counted from the newest there."""
    return sql.SQL(", ").join(_row(migration, number) for number, migration in enumerate(migrations, start=1))


def lap(number: int, *, counts_rows: bool = False, measures: bool = True) -> sql.Composed:
    """The statements that remember when script ``number`` of this transaction ended, and how much was changed by then.

    Number 0 is the beginning, and goes behind the query ``path``. Rows are counted only where they have to be,
    because that costs more.
    """
    noted = f"\n{QUERIES['measures']}" if measures else ""
    text = (QUERIES["again"] if number else "") + QUERIES["lap"].replace("{measures}", noted)
    text += QUERIES["rows"] if counts_rows else ""
    return sql.SQL(text.replace("{number}", str(number))).format()


def laps(count: int, *, measures: bool = True) -> sql.Composed:
    """The question, after COMMIT, what ``count`` scripts took and wrote, for ``read_laps``.

    Without measures, just for the numbers of those that changed nothing.
    """
    return sql.SQL(QUERIES["laps" if measures else "without_effect"]).format(count=sql.Literal(count))


def _row(migration: Migration, number: int) -> sql.Composed:
    return sql.SQL(QUERIES["row"]).format(
        number=sql.Literal(number),
        version=sql.Literal(str(migration.version) if migration.version else None),
        description=sql.Literal(migration.history_description),
        script=sql.Literal(migration.script),
        checksum=sql.Literal(migration.checksum),
        type=sql.Literal(migration.history_type),
    )
