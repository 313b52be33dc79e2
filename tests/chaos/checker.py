"""A stranger's look at what is there in the end: plain psycopg2 and SQL, nothing of ours imported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.chaos.folder import Wanted
from tests.chaos.site import asking

_HISTORY = 'SELECT script, success FROM "{}".flyway_schema_history ORDER BY installed_rank'
_TABLES = "SELECT relname FROM pg_class WHERE relnamespace = %s::regnamespace AND relkind IN ('r', 'v')"
_INDEXES = """SELECT relname, indisvalid AND indisready FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
WHERE relnamespace = %s::regnamespace AND NOT indisprimary AND relname NOT LIKE 'flyway%%'"""
_COLUMNS = "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
_SCHEMAS = r"SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema$|public$)'"
_BOOKS = {
    "event without an end": """SELECT id || ' ' || type || ' ' || status FROM migrator.event
                               WHERE id LIKE %(mine)s AND status NOT IN ('completed', 'failed')""",
    "event failed": """SELECT id || ' ' || type || ': ' || error_message FROM migrator.event
                       WHERE id LIKE %(mine)s AND status = 'failed'""",
    "execution without an end": """SELECT id || ' ' || state FROM migrator.execution
                                   WHERE id LIKE %(mine)s AND state NOT IN ('completed', 'rolled_back')""",
    "outcome not done": """SELECT concat_ws(' ', database_id, schema_name, state, error_message) FROM migrator.outcome
                           WHERE execution_id LIKE %(mine)s AND state <> 'done'""",
    "count that is wrong": """SELECT id || ': ' || done || ' of ' || total FROM migrator.execution AS e
        WHERE id LIKE %(mine)s AND ((done, failed) <> (SELECT count(*) FILTER (WHERE state = 'done'),
                                        count(*) FILTER (WHERE state = 'failed')
                                 FROM migrator.outcome WHERE execution_id = e.id) OR done <> total)""",
}
_LEFT = {
    "lease": "SELECT execution_id || ' ' || schema_name FROM migrator.outcome WHERE lease_until IS NOT NULL",
    "slot": "SELECT database_id || ' ' || holder FROM migrator.lane WHERE lease_until > clock_timestamp()",
}
_OPEN = """SELECT concat_ws(' ', datname, application_name, state, left(query, 80)) FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND application_name NOT LIKE 'chaos%'"""
_STUCK = _OPEN + " AND state LIKE 'idle in transaction%'"
_LOCKS = """SELECT coalesce(datname, '?') || ' ' || objid FROM pg_locks LEFT JOIN pg_database ON oid = database
WHERE locktype = 'advisory'"""
_PREPARED = "SELECT gid FROM pg_prepared_xacts"


def schema_faults(url: str, schemas: Sequence[str], wanted: Wanted, among: Sequence[str]) -> Iterator[str]:
    """What is wrong in some schemas of one database, and what there is beside all that should be there."""
    with asking(url) as cursor:
        found = {name for (name,) in _rows(cursor, _SCHEMAS)}
        yield from (f"schema {name} is missing" for name in sorted(set(schemas) - found))
        yield from (f"schema {name} was left" for name in sorted(found - set(among)))
        for schema in sorted(found & set(schemas)):
            yield from (f"{schema}: {fault}" for fault in _faults_in(cursor, schema, wanted))


def _faults_in(cursor: Any, schema: str, wanted: Wanted) -> Iterator[str]:
    history = _rows(cursor, _HISTORY.format(schema))
    if not all(success for _, success in history):
        yield "a row of history says failure"
    if (scripts := tuple(script for script, _ in history)) != wanted.history:
        yield f"history is {scripts}"
    tables = {name for (name,) in _rows(cursor, _TABLES, [schema])} - {"flyway_schema_history"}
    if tables != wanted.tables:
        yield f"tables are {sorted(tables)}"
        return
    indexes = dict(_rows(cursor, _INDEXES, [schema]))
    if indexes != dict.fromkeys(wanted.indexes, True):
        yield f"indexes are {indexes}"
    yield from _effects(cursor, schema, wanted)


def _effects(cursor: Any, schema: str, wanted: Wanted) -> Iterator[str]:
    """Whether each migration has had its effect, and had it once."""
    counted = Counter(script for (script,) in _rows(cursor, f'SELECT script FROM "{schema}".applied'))
    if counted != Counter(wanted.applied):
        yield f"migrations wrote {dict(counted)}"
    columns = {name for (name,) in _rows(cursor, _COLUMNS, [f"{schema}.account"])}
    if columns != wanted.columns:
        yield f"columns are {sorted(columns)}"
    if (found := _rows(cursor, f'SELECT count(*) FROM "{schema}".account')) != [(wanted.rows,)]:
        yield f"account has {found[0][0]} rows"
    if "counter" in wanted.tables and _rows(cursor, f'SELECT value FROM "{schema}".counter') != [(2,)]:
        yield "the counter was moved more than once, or not at all"


def book_faults(control_url: str, round_id: str) -> Iterator[str]:
    """What of a round's events and executions has not come to a good end."""
    yield from _each(control_url, _BOOKS, {"mine": f"{round_id}%"})


def remains(control_url: str, target_urls: Sequence[str]) -> list[str]:
    """What should be gone once everything is quiet; workers keep idle connections to the control database."""
    found = list(_each(control_url, {**_LEFT, "control transaction": _STUCK, "control lock": _LOCKS}))
    for url in target_urls:
        found += _each(url, {"connection": _OPEN, "lock": _LOCKS, "prepared transaction": _PREPARED})
    return found


def _each(url: str, questions: Mapping[str, str], values: Mapping[str, str] | None = None) -> Iterator[str]:
    with asking(url) as cursor:
        for name, question in questions.items():
            yield from (f"{name}: {row[0]}" for row in _rows(cursor, question, values))


def _rows(cursor: Any, query: str, values: Any = None) -> list[tuple[Any, ...]]:
    cursor.execute(query, values)
    return cursor.fetchall()
