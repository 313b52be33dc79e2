"""Whether all lanes did the same work: what they left in their databases, compared line by line."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import psycopg2
from psycopg2 import extensions

from benchmarks.shop import Fleet, Work, WorkDiffers
from migrator.local import Postgres

BOOKS = [
    *("history", "flyway_schema_history", "alembic_version", "schema_migrations"),
    *("django_migrations", "django_migrations_id_seq", "databasechangelog", "databasechangeloglock"),
    *("_yoyo_log", "_yoyo_migration", "_yoyo_version", "yoyo_lock"),
]
_CATALOG = Path(__file__).with_name("catalog.sql").read_text()
_COUNT = """SELECT count(*) FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE relname = %s AND nspname = ANY (%s)"""


def check_same(postgres: Postgres, work: Work, fleets: Mapping[str, Fleet]) -> set[str]:
    """Compare the lanes' databases, by lane; returns the lines of a schema's catalog.

    Every schema must have the work's witness, and the first and the last one the same catalog in all databases.
    Raises WorkDiffers with the first lines that differ.
    """
    found = {lane: _lines(postgres, work, lane, fleet) for lane, fleet in fleets.items()}
    first, *others = found
    for other in others:
        if differing := found[first] ^ found[other]:
            said = "\n".join(f"  {first if line in found[first] else other}: {line}" for line in sorted(differing)[:10])
            raise WorkDiffers(f"{work.named}: {len(differing)} lines differ between {first} and {other}:\n{said}")
    return found[first]


def _lines(postgres: Postgres, work: Work, lane: str, fleet: Fleet) -> set[str]:
    with closing(psycopg2.connect(postgres.url(fleet.database))) as connection, connection.cursor() as cursor:
        cursor.execute(_COUNT, (work.witness, list(fleet.schemas)))
        ((migrated,),) = cursor.fetchall()
        if migrated != (wanted := work.witnesses(len(fleet.schemas))):
            raise WorkDiffers(f"{work.named}: {migrated} schemas of {lane} have {work.witness}, and {wanted} should")
        first, last = (_catalog(cursor, schema) for schema in (fleet.schemas[0], fleet.schemas[-1]))
        if differing := first ^ last:
            raise WorkDiffers(f"{work.named}: {len(differing)} lines differ between two schemas of {lane}")
        return first


def _catalog(cursor: extensions.cursor, schema: str) -> set[str]:
    """Its lines, without the schema's own name, so that all schemas should have the same."""
    cursor.execute(_CATALOG, {"schema": schema, "books": BOOKS})
    return {line.replace(schema, "SCHEMA") for (line,) in cursor.fetchall()}
