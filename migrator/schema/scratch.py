"""Scratch schemas: made to try something out, and dropped in the end; those of a run that crashed by the next one."""

from __future__ import annotations

import math
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from psycopg2 import sql
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from migrator.errors import QueryRefused
from migrator.schema.pooler import is_behind_pooler
from migrator.schema.session import Session

SCRATCH = "migrator_scratch_"
STALE_SECONDS = 3600
"""No run keeps a scratch schema for that long."""
NOBODY = 0
"""Stands for the maker behind a pooler, where a session has many server processes."""

_NAME = re.compile(rf"{SCRATCH}([0-9a-f]{{8}})_([0-9a-f]{{8}})[0-9a-f]{{8}}")
_TRIES = 5


@contextmanager
def scratch(session: Session) -> Iterator[str]:
    """The name of a schema that nobody has, dropped in the end.

    It says when it was made and by which server process: a comment could be written over by what is run in the schema.
    """
    [[now]] = session.ask("SELECT extract(epoch FROM clock_timestamp())::bigint")
    maker = NOBODY if is_behind_pooler(session) else session.connection.info.backend_pid
    name = f"{SCRATCH}{now:08x}_{maker:08x}{secrets.token_hex(4)}"
    try:
        yield name
    finally:
        if not session.is_closed:
            session.roll_back()
            drop(session, name)


def drop_stale(session: Session, seconds: float = STALE_SECONDS) -> list[str]:
    """Drop the scratch schemas of runs that crashed, and name them: their makers are gone, or they are old."""
    query = sql.SQL(
        """SELECT nspname, extract(epoch FROM clock_timestamp()),
                  (SELECT json_object_agg(pid, extract(epoch FROM backend_start)) FROM pg_stat_activity)
           FROM pg_namespace WHERE nspname ^@ {}"""
    )
    found = session.ask(session.text(query.format(sql.Literal(SCRATCH))))
    stale = sorted(name for name, now, alive in found if _is_left(name, float(now), alive, seconds))
    for name in stale:
        drop(session, name)
    return stale


def _is_left(name: str, now: float, alive: Mapping[str, float | None], seconds: float) -> bool:
    """Whether nobody is at work in it any more; a name that we did not give is never left.

    Who is alive is given as process ids with the moments when they began, None for those that we may not see; an id may
    have been given out again since.
    """
    read = _NAME.fullmatch(name)
    if not read:
        return False
    made, maker = int(read[1], 16), int(read[2], 16)
    if now - made >= seconds:
        return True
    began = alive.get(str(maker), math.inf) if maker != NOBODY else None
    return began is not None and began > made + 1


def drop(session: Session, name: str) -> None:
    """Drop one with all that is in it. Raises QueryRefused when it could not be, after some tries.

    A foreign key of the scratch schema to a shared table makes this lock that table, so it never waits for long.
    """
    statement = sql.SQL("BEGIN; SET LOCAL lock_timeout = '1s'; DROP SCHEMA IF EXISTS {} CASCADE; COMMIT; SELECT true")
    for attempt in Retrying(
        retry=retry_if_exception_type(QueryRefused),
        stop=stop_after_attempt(_TRIES),
        wait=wait_random_exponential(multiplier=0.1, max=2),
        reraise=True,
    ):
        with attempt:
            try:
                session.ask(session.text(statement.format(sql.Identifier(name))))
            except QueryRefused:
                session.roll_back()
                raise
