"""A pooler between us and the server that gives each transaction another connection."""

from __future__ import annotations

from contextlib import ExitStack, closing

import psycopg2
from psycopg2.extensions import make_dsn

from migrator.schema.session import CONNECT_LIMIT_SECONDS, Session

_PROBES = 3


def is_behind_pooler(session: Session) -> bool:
    """Whether somebody stands between: the process that greeted us is not the one that answers. Any pooling mode."""
    return bool(_server_process(session) != session.connection.info.backend_pid)


def changes_connections(session: Session) -> bool:
    """Whether our server connection is given to others between our transactions. Ask outside a transaction.

    Proved by another client that finds itself on the connection that we had a moment ago, or by ours being
    another one while it is busy there.
    """
    before = _server_process(session)
    with ExitStack() as others:
        for _ in range(_PROBES):
            other = others.enter_context(closing(_another(session)))
            with other.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")  # the driver opens a transaction and leaves it open
                if cursor.fetchone() == (before,) or _server_process(session) != before:
                    return True
    return False


def _another(session: Session) -> psycopg2.extensions.connection:
    opened = session.connection
    conninfo = make_dsn(opened.dsn, password=opened.info.password, connect_timeout=CONNECT_LIMIT_SECONDS)
    return psycopg2.connect(conninfo)


def _server_process(session: Session) -> int:
    return int(session.ask("SELECT pg_backend_pid()")[0][0])
