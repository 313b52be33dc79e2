"""A spare: a schema made from the template before anybody needs it, and renamed when a tenant comes."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import psycopg2
from psycopg2 import sql

from migrator.errors import SpareUnfit, TemplateFailed
from migrator.model.history import Mark
from migrator.model.spare import SPARE, Fit, Seen, Spare
from migrator.model.template import Template
from migrator.queries import load_queries
from migrator.schema import refusal
from migrator.schema.engine import Change, Engine
from migrator.schema.fingerprint import fingerprints_of
from migrator.schema.history import HistoryTable
from migrator.schema.pending import pending
from migrator.schema.pg_tools import tools_for
from migrator.schema.plain_dump import plain_dump
from migrator.schema.provision import provision
from migrator.schema.rules import Rules
from migrator.schema.scratch import drop, scratch
from migrator.schema.session import Session
from migrator.schema.sqlstate import is_lost

_QUERIES = load_queries(Path(__file__).parent / "sql" / "spare.sql")
_UNFIT = ("MG002", "MG003")
_MOST_LINES = 3
_DUPLICATE_SCHEMA = "42P06"


class Left(StrEnum):
    """What is to become of a spare that was not taken."""

    AS_IT_WAS = "as it was"
    UNFIT = "unfit"
    UNKNOWN = "unknown"
    """The connection broke."""


@dataclass(frozen=True, slots=True)
class NotTaken:
    """Why a spare was not taken; nothing was changed."""

    reason: str
    left: Left


def new_name() -> str:
    """A name that no schema has."""
    return SPARE + secrets.token_hex(8)


def make_spare(session: Session, name: str, engine: Engine, template: Template) -> Fit:
    """Make a schema from the template, verified. Raises SpareUnfit and what ``provision`` raises."""
    return _verified(session, provision(session, name, engine, template).change, engine, template)


def forward(session: Session, name: str, engine: Engine, template: Template) -> Fit:
    """Apply what a spare lacks, as in any other schema; verified. Raises SpareUnfit and what ``migrate`` raises."""
    return _verified(session, engine.migrate(session, name), engine, template)


def _verified(session: Session, change: Change, engine: Engine, template: Template) -> Fit:
    name = change.schema
    found = look(session, [name], engine.rules).get(name)
    if found is None or found.fingerprint != template.fingerprint:
        raise SpareUnfit(schema=name, database=session.database_id, reason="it is not like a schema of the template")
    return Fit(template.digest, template.version, change.until_rank, found)


def look(session: Session, names: Sequence[str], rules: Rules) -> dict[str, Seen]:
    """Fingerprint and stamp of each schema that is there. The stamp is asked first: what changes in between is seen."""
    if not names:
        return {}
    history_text = sql.Literal(rules.history_table)
    query = sql.SQL(_QUERIES["stamps"]).format(
        stamp=sql.SQL(_QUERIES["stamp"]).format(history_text=history_text), schemas=sql.Literal(list(names))
    )
    stamps = dict(session.ask(session.text(query)))
    prints = fingerprints_of(session, names, rules.history_table)
    return {name: Seen(prints[name], stamps[name]) for name in names if name in prints and name in stamps}


def take(session: Session, spare: Spare, schema: str, engine: Engine) -> Change | NotTaken:
    """Rename a spare to a tenant's schema; one round trip, however long the history is.

    The change is that of a fresh schema that all migrations were applied to. Raises ConnectionLost, and then it may
    have been taken or not: the schema's own mark says.
    """
    started = time.monotonic()
    try:
        session.run(rename_statement(session, spare, schema, engine))
    except psycopg2.Error as error:
        session.roll_back()
        if is_lost(error, session.is_closed):
            raise refusal.lost(error, session.database_id, schema) from None
        return _not_taken(error, schema)
    applied = tuple(migration.script for migration in pending(engine.folder, (), schema, engine.to))
    seconds = time.monotonic() - started
    return Change(schema, to_version=spare.version, applied=applied, seconds=seconds, until_rank=spare.rank)


def rename_statement(session: Session, spare: Spare, schema: str, engine: Engine) -> str:
    """What ``take`` sends."""
    table, old = (HistoryTable(name, engine.rules.history_table) for name in (schema, spare.schema_name))
    mark = Mark(spare.version, spare.digest or "", engine.execution, 0, stage=engine.stage)
    stamp = sql.SQL(_QUERIES["stamp"]).format(history_text=sql.Literal(table.table))
    return session.text(
        sql.SQL(_QUERIES["rename"]).format(
            schema=sql.Identifier(schema),
            spare=sql.Identifier(old.schema),
            spare_text=sql.Literal(old.schema),
            history=sql.Identifier(table.table),
            spare_history_name=sql.Literal(f'"{old.schema}"."{old.table}"'),
            lock=sql.Literal(table.lock),
            spare_lock=sql.Literal(old.lock),
            lock_timeout=sql.Literal(f"{int(engine.rules.lock_timeout * 1000)}ms"),
            statement_timeout=sql.Literal(f"{int(engine.rules.statement_timeout * 1000)}ms"),
            stamp=stamp,
            wanted=sql.Literal(spare.stamp),
            digest=sql.Literal(spare.digest),
            mark=sql.Literal(mark.as_text()),
        )
    )


def drop_spare(session: Session, name: str) -> None:
    """Drop a spare with all that is in it. Raises QueryRefused when it could not be, after some tries."""
    if not name.startswith(SPARE):
        raise SpareUnfit(schema=name, database=session.database_id, reason="it is no spare, so it is not dropped")
    drop(session, name)


def names_itself(session: Session, template: Template, engine: Engine, places: Sequence[Path] = ()) -> str:
    """Where a schema made from the template says its own name as text, in some lines; empty for nowhere.

    Found by trying: one is made and renamed, and its dump must not have the old name. What PostgreSQL keeps as a
    reference follows the renaming; a function's body, its ``SET search_path``, a constant or a row does not. Leaves
    nothing behind. Raises PgToolsMissing and TemplateFailed.
    """
    tools = tools_for(session, places)

    def failed(reason: str) -> TemplateFailed:
        return TemplateFailed(database=session.database_id, reason=reason)

    with scratch(session) as before, scratch(session) as after:
        provision(session, before, engine, template)
        session.run(
            session.text(sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(sql.Identifier(before), sql.Identifier(after)))
        )
        text = plain_dump(session, after, tools, "--inserts", "--rows-per-insert=500", failed=failed)
    return mentions(text, before, after)


def mentions(text: str, before: str, after: str) -> str:
    """The first lines of a dump that have the old name, with the new one put as ``schema``; and how many more."""
    found = [_shortened(line, before, after) for line in text.splitlines() if before.lower() in line.lower()]
    more = f"; and {len(found) - _MOST_LINES} more lines" if len(found) > _MOST_LINES else ""
    return "; ".join(found[:_MOST_LINES]) + more


def _shortened(line: str, before: str, after: str) -> str:
    said = line.strip().replace(after, "schema")
    return re.sub(re.escape(before), "SCHEMA", said, flags=re.IGNORECASE)[:120]


def _not_taken(error: psycopg2.Error, schema: str) -> NotTaken:
    if error.pgcode == _DUPLICATE_SCHEMA:
        return NotTaken(f"there is a schema {schema} already", Left.AS_IT_WAS)
    reason = (error.diag.message_primary or str(error)).strip()
    passes = error.pgcode in (refusal.LOCK_TAKEN, refusal.LOCK_TIMEOUT)
    return NotTaken(reason, Left.AS_IT_WAS if passes else Left.UNFIT)
