"""The lane ``limit``: what the server needs when next to nothing is around it.

Each schema is one string in one transaction, its bookkeeping one small table of its own. Nothing is locked,
checked, leased, reported or retried.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import psycopg2
from psycopg2 import extensions

from benchmarks.shop import UNDO, Fleet, Work, WorkDiffers, scripts
from migrator.local import Postgres

_PER_QUERY = 200
_NEW = """CREATE SCHEMA {schema};
SET LOCAL search_path TO {schema}, public;
CREATE TABLE history (script varchar(200) PRIMARY KEY, installed_on timestamptz NOT NULL DEFAULT now());
"""
_KNOWN = "SET LOCAL search_path TO {schema}, public;\n"


class Limit:
    """Threads with a connection each, which take the next schema from one list."""

    name = "limit"
    works = tuple(Work)
    most = None

    def __init__(self, postgres: Postgres, connections: int) -> None:
        self._postgres, self.connections = postgres, connections

    def prepare(self, fleet: Fleet) -> None:
        """Nothing: schemas and bookkeeping are made on the way."""

    def run(self, work: Work, fleet: Fleet) -> None:
        """Send every schema its string, or ask all of them what they have."""
        if work is Work.NOTHING:
            return ask_each(self._postgres, fleet.database, fleet.schemas, "history", Work.INCREMENT.steps[-1].script)
        tail = _tail(work)
        todo = deque(fleet.schemas)
        with ThreadPoolExecutor(self.connections) as pool:
            try:
                for sent in [pool.submit(self._send, work, fleet, todo, tail) for _ in range(self.connections)]:
                    sent.result()
            finally:
                todo.clear()  # when one fails or is interrupted, the others stop too

    def _send(self, work: Work, fleet: Fleet, todo: deque[str], tail: str) -> None:
        head = _NEW if work is Work.HISTORY else _KNOWN
        with _cursor(self._postgres, fleet.database) as cursor:
            for schema in _taken_from(todo):
                cursor.execute("BEGIN;\n" + head.format(schema=schema) + tail)


def _tail(work: Work) -> str:
    """The part that is the same for all schemas."""
    if work is Work.ROLLBACK:
        (script,) = scripts(Work.INCREMENT.steps)
        return f"{UNDO}\nDELETE FROM history WHERE script = '{script}';\nCOMMIT"
    rows = ", ".join(f"('{script}')" for script in scripts(work.steps))
    body = "".join(f"{step.sql}\n;\n" for step in work.steps)
    return f"{body}INSERT INTO history (script) VALUES {rows};\nCOMMIT"


def ask_each(postgres: Postgres, database: str, schemas: Sequence[str], table: str, newest: str) -> None:
    """Ask every schema's own table whether it has a script; raises WorkDiffers when one has not."""
    with _cursor(postgres, database) as cursor:
        for start in range(0, len(schemas), _PER_QUERY):
            cursor.execute(_question(schemas[start : start + _PER_QUERY], table, newest))
            if behind := [schema for schema, found in cursor.fetchall() if not found]:
                raise WorkDiffers(f"limit: {len(behind)} schemas are behind, {behind[0]} first")


@contextmanager
def _cursor(postgres: Postgres, database: str) -> Iterator[extensions.cursor]:
    with closing(psycopg2.connect(postgres.url(database))) as connection:
        connection.autocommit = True  # the strings have their own BEGIN and COMMIT
        with connection.cursor() as cursor:
            yield cursor


def _question(schemas: Sequence[str], table: str, newest: str) -> str:
    parts = (f"SELECT '{schema}', count(*) FROM {schema}.{table} WHERE script = '{newest}'" for schema in schemas)
    return " UNION ALL ".join(parts)


def _taken_from(todo: deque[str]) -> Iterator[str]:
    """One after the other; several threads may do this with the same list."""
    while True:
        try:
            yield todo.popleft()
        except IndexError:
            return
