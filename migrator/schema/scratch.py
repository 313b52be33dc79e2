"""Scratch schemas: made to try something out, and dropped in the end; those of a run that crashed by the next one."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from psycopg2 import sql
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from migrator.errors import QueryRefused
from migrator.schema.session import Session

SCRATCH = "migrator_scratch_"
STALE_SECONDS = 3600
"""No run keeps a scratch schema for that long."""

_NAME = re.compile(rf"{SCRATCH}([0-9a-f]{{8}})_[0-9a-f]{{16}}")
_TRIES = 5


@contextmanager
def scratch(session: Session) -> Iterator[str]:
    """The name of a schema that nobody has, dropped in the end.

    It says when it was made: a comment could be written over by what is run in the schema.
    """
    [[now]] = session.ask("SELECT extract(epoch FROM clock_timestamp())::bigint")
    name = f"{SCRATCH}{now:08x}_{secrets.token_hex(8)}"
    try:
        yield name
    finally:
        if not session.is_closed:
            session.roll_back()
            drop(session, name)


def drop_stale(session: Session, seconds: float = STALE_SECONDS) -> list[str]:
    """Drop the scratch schemas of runs that crashed, and name them."""
    query = sql.SQL("SELECT nspname, extract(epoch FROM clock_timestamp()) FROM pg_namespace WHERE nspname ^@ {}")
    found = session.ask(session.text(query.format(sql.Literal(SCRATCH))))
    stale = sorted(name for name, now in found if _age(name, float(now)) >= seconds)
    for name in stale:
        drop(session, name)
    return stale


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


def _age(name: str, now: float) -> float:
    """Seconds since it was made; a name that we did not give is never old."""
    made = _NAME.fullmatch(name)
    return now - int(made[1], 16) if made else 0.0
