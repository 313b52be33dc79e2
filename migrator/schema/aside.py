"""Schemas that a restore has set aside: kept under another name until an operator lets them go."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass

import psycopg2
from psycopg2 import sql

from migrator.errors import RestoreRefused, UnknownAside
from migrator.model.identifier import MAX_BYTES
from migrator.schema import moment
from migrator.schema.history import HistoryTable
from migrator.schema.obstacles import obstacles
from migrator.schema.rules import Rules
from migrator.schema.session import Session

_NOTE = "migrator aside "


@dataclass(frozen=True, slots=True)
class Aside:
    """One schema that was set aside."""

    name: str
    schema: str
    """What it was called."""
    snapshot: str
    """What was restored in its place."""
    at: str


def new_name(schema: str) -> str:
    """A name for a schema that is set aside; the end that makes it unlike others is never cut off."""
    end = f"_before_{secrets.token_hex(4)}"
    return schema[: MAX_BYTES - len(end)] + end


def as_note(aside: Aside) -> str:
    """The comment by which a schema is known to be set aside."""
    return _NOTE + json.dumps(asdict(aside), separators=(",", ":"))


def asides(session: Session, schema: str | None = None) -> list[Aside]:
    """Those of a database, or of one schema of it, by name."""
    found = session.ask(moment.text(session, HistoryTable(schema or ""), "asides"))
    read = (_read(name, comment) for name, comment in found)
    return [aside for aside in read if aside is not None and schema in (None, aside.schema)]


def drop_aside(session: Session, schema: str, name: str, rules: Rules | None = None) -> Aside:
    """Drop what a restore of ``schema`` has set aside; what it held is gone for good.

    Raises UnknownAside for any other schema, RestoreRefused when something outside has come to depend on it.
    """
    rules = rules or Rules()
    known = {aside.name: aside for aside in asides(session, schema)}
    if name not in known:
        raise UnknownAside(aside=name, schema=schema, database=session.database_id, known=", ".join(known) or "none")
    table = HistoryTable(name)
    with moment.held(session, table, rules, "dropping it"):
        if found := obstacles(session, table):
            raise RestoreRefused(schema=name, database=session.database_id, obstacles="; ".join(found))
        try:
            session.run(moment.text(session, table, "drop_aside") + "COMMIT")
        except psycopg2.Error as error:
            raise moment.refused(session, name, "dropping it", error) from None
    return known[name]


def _read(name: str, comment: str) -> Aside | None:
    """Whatever the schema is called by now."""
    try:
        return Aside(**{**json.loads(comment.removeprefix(_NOTE)), "name": name})
    except (TypeError, ValueError):
        return None


def renaming(table: HistoryTable, aside: Aside) -> sql.Composed:
    """The statements that set a schema aside; inside a transaction."""
    return moment.compose(table, "set_aside", aside=sql.Identifier(aside.name), note=sql.Literal(as_note(aside)))
