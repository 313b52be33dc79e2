"""Provisioning: a fresh schema is made from a template at once, or by replay where there is a reason to."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import psycopg2
from psycopg2 import sql

from migrator.model.history import Mark
from migrator.model.identifier import checked_schema_name, quoted
from migrator.model.template import Template
from migrator.queries import load_queries
from migrator.schema import history, refusal
from migrator.schema.engine import Change, Engine, as_rows, change_since
from migrator.schema.history import HistoryTable
from migrator.schema.pending import pending, read_history
from migrator.schema.session import Session
from migrator.schema.sqlstate import is_lost
from migrator.schema.visit import Visit

_QUERIES = load_queries(Path(__file__).parent / "sql" / "template.sql")


@dataclass(frozen=True, slots=True)
class Provisioned:
    """What became of a schema, and why its history was replayed; None where the template was run."""

    change: Change
    replayed_because: str | None = None


def provision(
    session: Session, schema: str, engine: Engine, template: Template | None, tenant_id: str | None = None
) -> Provisioned:
    """Bring a schema to the version that an engine was made for, by template where it is fresh.

    Raises what ``Engine.migrate`` raises. A template that does not fit, or that the server refuses, costs only time.
    """
    checked_schema_name(schema)
    wanted = engine.folder.digest_at(engine.to or engine.folder.latest)
    if template is None:
        reason = "there is no template of this folder's state yet"
    elif template.digest != wanted:
        reason = "the template is one of another state of the folder"
    else:
        made = _from_template(session, schema, engine, template)
        if isinstance(made, Change):
            return Provisioned(made)
        reason = made
    return Provisioned(engine.migrate(session, schema, tenant_id), reason)


def _from_template(session: Session, schema: str, engine: Engine, template: Template) -> Change | str:
    """What became of the schema, or why the template was not run; then the schema is as it was before."""
    started, table = time.monotonic(), HistoryTable(schema, engine.rules.history_table)
    visit = Visit(session, table, engine.rules)
    try:
        past = visit.enter()
        if past.rows or not session.ask(_text(session, table, "is_fresh"))[0][0]:
            return "the schema is not fresh"
        rows = as_rows(pending(engine.folder, (), schema, engine.to), 0)
        session.run(_statement(session, engine, template, table))
    except psycopg2.Error as error:
        visit.leave()
        if is_lost(error, session.is_closed):
            raise refusal.lost(error, session.database_id, schema) from None
        return f"the server refused the template: {(error.diag.message_primary or str(error)).strip()}"
    finally:
        visit.leave()
    return change_since(schema, rows, 0, time.monotonic() - started)


def _statement(session: Session, engine: Engine, template: Template, table: HistoryTable) -> str:
    todo = pending(engine.folder, (), table.schema, engine.to)
    reached = read_history(as_rows(todo, 0)).latest
    mark = Mark(str(reached) if reached else None, template.digest, engine.execution, 0)
    end = _text(session, table, "provisioned", rows=history.rows_of(todo), mark=sql.Literal(mark.as_text()))
    return template.for_schema(table.schema) + end


def _text(session: Session, table: HistoryTable, name: str, **more: sql.Composable) -> str:
    return session.text(
        sql.SQL(_QUERIES[name]).format(
            schema=sql.Identifier(table.schema),
            history=sql.Identifier(table.table),
            schema_name=sql.Literal(quoted(table.schema)),
            history_name=sql.Literal(quoted(table.schema, table.table)),
            **more,
        )
    )
