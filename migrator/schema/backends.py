"""The connections of workers that were lost: noticed by the server, or found by their name and ended."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import psycopg2
from psycopg2 import sql

from migrator.model.holder import OURS
from migrator.queries import load_queries
from migrator.schema.session import Session

PATIENCE_SECONDS = 10.0
"""For so long it is waited until a connection is gone; it has to take back what it did."""

QUERIES = load_queries(Path(__file__).parent / "sql" / "backends.sql")


def notice_loss(session: Session) -> None:
    """Have the server end this session's statement soon after we have died; some platforms cannot tell."""
    pid = sql.Literal(session.connection.info.backend_pid)
    try:
        session.run(session.text(sql.SQL(QUERIES["notice_loss"]).format(pid=pid)))
    except psycopg2.Error:
        session.roll_back()


def end_backends(session: Session, tokens: Collection[str]) -> dict[str, bool]:
    """End the other connections that carry one of these tokens, and wait until they are gone.

    Returns their application_names, and whether each is gone. The role needs to be that of the other connection, a
    member of it, or of pg_signal_backend. Raises QueryRefused where it is none of these.
    """
    query = sql.SQL(QUERIES["end_backends"]).format(
        patience=sql.Literal(int(PATIENCE_SECONDS * 1000)), ours=sql.Literal(OURS), tokens=sql.Literal(list(tokens))
    )
    return {name: bool(gone) for _, name, gone in session.ask(session.text(query))}
