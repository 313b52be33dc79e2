"""Makes the template of a folder's state: replays it twice in scratch schemas, dumps, compares, and tries it out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from psycopg2 import sql

from migrator.errors import TemplateFailed
from migrator.model.folder import Folder
from migrator.model.identifier import quoted
from migrator.model.slot import has_slots
from migrator.model.template import OWN, NoTemplate, Template
from migrator.model.version import Version
from migrator.schema.drift import differences
from migrator.schema.engine import Engine
from migrator.schema.fingerprint import describe, fingerprint_of
from migrator.schema.history import HistoryTable
from migrator.schema.pg_tools import PgTools, tools_for
from migrator.schema.plain_dump import plain_dump
from migrator.schema.rules import Rules
from migrator.schema.scratch import scratch
from migrator.schema.session import Session


def make_template(
    session: Session, folder: Folder, to: Version | None, rules: Rules, places: Sequence[Path] = ()
) -> Template | NoTemplate:
    """The template of a folder up to a version, or why there can be none. Leaves nothing behind in the database.

    Raises what the engine raises when the folder itself fails, and PgToolsMissing.
    """
    reached = to or folder.latest
    digest, server = folder.digest_at(reached) or folder.digest, session.connection.info.server_version // 10000
    if any(has_slots(migration.sql) for migration in folder.migrations):
        return NoTemplate(digest, server, "a migration has placeholders, so that schemas are not alike")
    tools = tools_for(session, places)
    with scratch(session) as one, scratch(session) as other, scratch(session) as third:
        for name in (one, other):
            Engine(folder, rules, to=to).migrate(session, name)
        body, again = (_dumped(session, name, tools, rules) for name in (one, other))
        if body != again:
            return NoTemplate(digest, server, "two replays gave different rows, from now() or random() perhaps")
        made = Template(
            digest, server, str(reached) if reached else None, body, fingerprint_of(session, one, rules.history_table)
        )
        return _tried_out(session, made, one, third, rules)


def _tried_out(session: Session, made: Template, replayed: str, fresh: str, rules: Rules) -> Template | NoTemplate:
    """The template itself when a schema made from it is like the replayed one."""
    table = HistoryTable(fresh, rules.history_table)
    session.run(session.text(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(fresh))))
    session.run("BEGIN;" + made.for_schema(fresh) + "COMMIT; RESET ALL")
    if fingerprint_of(session, fresh, table.table) == made.fingerprint:
        return made
    found = differences(describe(session, replayed, table.table), describe(session, fresh, table.table))
    lines = "; ".join(str(line) for line in found[:3])
    return NoTemplate(made.digest, made.server, f"a schema made from it is not like a replayed one: {lines}")


def _dumped(session: Session, schema: str, tools: PgTools, rules: Rules) -> str:
    """Without CREATE SCHEMA, and with a slot for each place where the schema is named."""
    options = [f"--exclude-table={quoted(schema, rules.history_table)}", "--inserts", "--rows-per-insert=500"]

    def failed(reason: str) -> TemplateFailed:
        return TemplateFailed(database=session.database_id, reason=reason)

    text = plain_dump(session, schema, tools, *options, failed=failed)
    return text.replace(f"CREATE SCHEMA {schema};", "", 1).replace(schema, OWN)
