"""What the server said, turned into the error a person or a retry can use."""

from __future__ import annotations

import psycopg2

from migrator.errors import ConnectionLost, MigrationFailed, MigratorError, ServerRefusedForNow
from migrator.schema.script import Place
from migrator.schema.sqlstate import is_passing

LOCK_TAKEN = "MG001"
"""SQLSTATE that our own statement raises when another session holds the schema's lock."""
LOCK_TIMEOUT = "55P03"

SYNTAX_ERROR = "42601"

UNTOUCHED = "the schema is as it was before"


def lost(error: psycopg2.Error, database_id: str, schema: str) -> ConnectionLost:
    """The error for a connection that broke."""
    lines = str(error).strip().splitlines()
    return ConnectionLost(database=database_id, schema=schema, reason=lines[0] if lines else "no reason given")


def refused(error: psycopg2.Error, place: Place, schema: str, state: str = UNTOUCHED) -> MigratorError:
    """The error for a statement that the server refused, with file, line, statement and SQLSTATE as facts."""
    kind = ServerRefusedForNow if is_passing(error.pgcode) else MigrationFailed
    return kind(
        script=place.migration.script,
        line=place.statement.line,
        statement=_statement(place, error.pgcode),
        schema=schema,
        sqlstate=error.pgcode or "unknown",
        reason=(error.diag.message_primary or str(error)).strip(),
        state=state,
    )


def _statement(place: Place, sqlstate: str | None) -> str:
    """The statement; of a file that could not be taken apart, because of this very mistake, only the line."""
    whole, line = place.migration.sql, place.statement.line
    if sqlstate != SYNTAX_ERROR or place.statement.text != whole:
        return place.statement.text
    return whole.split("\n")[line - 1].strip()


def position(error: psycopg2.Error) -> int | None:
    """Where in the string that was sent the server saw the mistake, 0 for the first character; often unknown."""
    found = error.diag.statement_position
    return int(found) - 1 if found else None
