"""Brings the planner's statistics of a schema up to date."""

from __future__ import annotations

from migrator.errors import UnknownSchema
from migrator.schema import history
from migrator.schema.alone import Alone


def analyze(alone: Alone) -> int:
    """ANALYZE every table and materialized view of a schema, each in a transaction of its own; says how many.

    Neither reads nor writes wait for it, so the schema's lock is not taken; a table that somebody vacuums is tried
    again. Raises UnknownSchema, SchemaRefused, SchemaRefusedForNow.
    """
    if not history.schema_exists(alone.session, alone.table):
        raise UnknownSchema(database=alone.session.database_id, schema=alone.table.schema)
    tables = [name for (name,) in alone.ask("analyzable")]
    for name in tables:
        alone.run("analyze_table", name, f"analyzing its table {name}")
    return len(tables)
