"""Turns what another tool left in a schema into our history; the tool's own table is only read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg2 import sql

from migrator.errors import NotAdopted
from migrator.model.folder import Folder
from migrator.model.migration import Migration, scripts
from migrator.schema import amend
from migrator.schema.baseline import refuse_managed
from migrator.schema.engine import as_rows
from migrator.schema.recognisers import RECOGNISERS, Disagreement, Recogniser, recognised
from migrator.schema.visit import Visit


@dataclass(frozen=True, slots=True)
class Adoption:
    """What was taken over from which tool."""

    tool: str
    version: str | None
    applied: tuple[str, ...]
    """The scripts that history now says are applied, in its order."""


def adopt(visit: Visit, folder: Folder, tool: str | None = None, known: Sequence[Recogniser] = RECOGNISERS) -> Adoption:
    """Write a history row for each migration that the other tool has applied, in one transaction.

    ``known`` are the tools to look for. Raises NotAdopted when no tool's table is there, several are and ``tool``
    names none, or the table and the folder do not fit; AlreadyManaged when our history says something already;
    UnknownSchema.
    """
    schema = visit.table.schema
    with amend.opened(visit) as past:
        refuse_managed(past, schema)
        chosen = _chosen(visit, tool, known)
        migrations = _applied(visit, chosen, folder)
        rows = as_rows(migrations, past.newest_rank)
        amend.add(visit, rows)
        mark = amend.mark_for(folder, past, [*past.rows, *rows])
        visit.keep(mark)
    return Adoption(chosen.tool, mark.version, scripts(migrations))


def _chosen(visit: Visit, tool: str | None, known: Sequence[Recogniser]) -> Recogniser:
    schema = visit.table.schema
    names = sorted({each.table for each in known})
    tables = visit.session.ask(amend.text(visit, "tables_of_tools", names=sql.Literal(names)))
    found = [each for each in recognised(tables, known) if tool in (None, each.tool)]
    if not found:
        what = f"of {tool}" if tool else "of another tool"
        raise NotAdopted(schema=schema, reason=f"it has no table {what}; looked for {', '.join(names)}")
    if len(found) > 1:
        tools = " and ".join(f"{each.tool} ({each.table})" for each in found)
        raise NotAdopted(schema=schema, reason=f"it has tables of {tools}; say with --from which of them counts")
    return found[0]


def _applied(visit: Visit, chosen: Recogniser, folder: Folder) -> list[Migration]:
    columns = sql.SQL(", ").join(map(sql.Identifier, chosen.columns))
    rows = visit.session.ask(amend.text(visit, "foreign", columns=columns, table=sql.Identifier(chosen.table)))
    try:
        return chosen.applied(rows, folder)
    except Disagreement as error:
        raise NotAdopted(schema=visit.table.schema, reason=error.args[0]) from None
