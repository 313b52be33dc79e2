"""A step that is code, run for one schema."""

from __future__ import annotations

import traceback
from pathlib import Path

import psycopg2

from migrator.errors import MigratorError, StepFailed
from migrator.model.migration import Code, Migration, Statement
from migrator.schema import refusal
from migrator.schema.script import Place
from migrator.schema.session import Session
from migrator.schema.sqlstate import is_lost


def run_step(code: Code, migration: Migration, session: Session, schema: str, state: str) -> None:
    """Call a step with the driver's connection, which is in autocommit inside the transaction that we opened.

    Raises ConnectionLost, ServerRefusedForNow or MigrationFailed when the server refused one of its statements,
    and StepFailed, with the step's own line, for every other error of its. An error of ours goes through.
    """
    try:
        code(session.connection)
    except MigratorError:
        raise
    except Exception as error:  # the step is somebody else's code
        raise _failure(error, migration, session, schema, state) from error


def _failure(error: Exception, migration: Migration, session: Session, schema: str, state: str) -> MigratorError:
    line = _line(error, migration.path)
    refused = _of_the_server(error)
    if refused is not None and is_lost(refused, session.is_closed):
        return refusal.lost(refused, session.database_id, schema)
    if refused is not None and refused.pgcode:
        text = (refused.cursor.query or b"").decode(errors="replace") if refused.cursor else ""
        return refusal.refused(refused, Place(migration, Statement(text, line)), schema, state)
    reason = f"{type(error).__name__}: {error}"
    return StepFailed(script=migration.script, line=line, schema=schema, sqlstate=None, reason=reason, state=state)


def ended_transaction(migration: Migration, schema: str) -> StepFailed:
    """The error for a step that committed or rolled back what was not its own to end."""
    reason = "it ended the transaction that it was given"
    state = "what it committed stays, its history row was not written"
    return StepFailed(script=migration.script, line=1, schema=schema, sqlstate=None, reason=reason, state=state)


def _of_the_server(error: BaseException | None) -> psycopg2.Error | None:
    """The driver's error behind an error; SQLAlchemy and others wrap it."""
    while error is not None and not isinstance(error, psycopg2.Error):
        error = error.__cause__ or error.__context__
    return error


def _line(error: Exception, path: Path) -> int:
    found = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return (found[-1] if found else None) or 1
