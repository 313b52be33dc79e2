"""Whether a schema without a history is as new as it looks."""

from __future__ import annotations

from psycopg2 import sql

from migrator.errors import AppliedElsewhere
from migrator.model.folder import Folder
from migrator.model.history import History
from migrator.model.identifier import quoted
from migrator.schema.history import HistoryTable
from migrator.schema.pending import read_history
from migrator.schema.session import Session


def refuse_applied_elsewhere(session: Session, table: HistoryTable, folder: Folder, past: History) -> None:
    """Raise AppliedElsewhere where nothing stands in the history and the folder's own tool says what it applied."""
    if folder.version_table is None or read_history(past.rows, table.schema).latest is not None:
        return
    if found := versions_of(session, table, folder.version_table):
        raise AppliedElsewhere(schema=table.schema, table=folder.version_table, found=", ".join(found))


def versions_of(session: Session, table: HistoryTable, version_table: str) -> tuple[str, ...]:
    """What Alembic's table in a schema says; nothing where there is no such table."""
    name = sql.Literal(quoted(table.schema, version_table))
    if not session.ask(session.text(table.compose("version_table_exists", version_table_name=name)))[0][0]:
        return ()
    query = table.compose("version_table", version_table=sql.Identifier(version_table))
    return tuple(version for (version,) in session.ask(session.text(query)))
