"""A session on one database: one connection, in autocommit, whose every statement we send ourselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection, make_dsn, parse_dsn

from migrator.errors import (
    BadUrl,
    DatabaseUnreachable,
    MigratorError,
    QueryRefused,
    QueryRefusedForNow,
    WrongCredentials,
)
from migrator.model.target import Database, DatabaseKind
from migrator.schema.credential import password_for
from migrator.schema.sqlstate import is_lost, is_passing

CONNECT_LIMIT_SECONDS = 5
DEFAULT_PORT = 5432

_FINAL = re.compile(
    r"authentication failed|no password supplied|no pg_hba.conf entry|(role|database) .* does not exist"
    r"|is not permitted to log in|permission denied for database"
)


class Session:
    """A connection to one database and the names needed to speak about it."""

    def __init__(self, opened: connection, database_id: str) -> None:
        opened.autocommit = True
        self.connection = opened
        self.database_id = database_id
        self.refused = 0
        """How often the server refused something for now, tries that were repeated among them."""

    def text(self, composed: sql.Composable) -> str:
        """The statement as it goes over the wire, identifiers and literals quoted for this connection."""
        return composed.as_string(self.connection)

    def run(self, statements: str) -> None:
        """Send one simple-query string; several statements in it are one round trip."""
        with self.connection.cursor() as cursor:
            cursor.execute(statements)

    def rows(self, statements: str) -> list[tuple[Any, ...]]:
        """Send one simple-query string and read the rows of its last statement."""
        with self.connection.cursor() as cursor:
            cursor.execute(statements)
            return cursor.fetchall()

    def ask(self, statements: str) -> list[tuple[Any, ...]]:
        """As ``rows``, for a question of our own. Raises QueryRefused instead of the driver's error, or one for now."""
        try:
            return self.rows(statements)
        except psycopg2.Error as error:
            reason = (error.diag.message_primary or str(error)).strip()
            passes = is_lost(error, self.is_closed) or is_passing(error.pgcode)
            kind = QueryRefusedForNow if passes else QueryRefused
            raise kind(database=self.database_id, sqlstate=error.pgcode or "unknown", reason=reason) from None

    def roll_back(self) -> None:
        """End an open transaction; nothing to do when the connection is gone, the server has rolled back then."""
        if not self.connection.closed:
            try:
                self.run("ROLLBACK")
            except (psycopg2.InterfaceError, psycopg2.OperationalError):
                self.connection.close()

    def let_go(self, statement: str) -> None:
        """Run what frees a lock of the session; nothing to do when the connection is gone, the lock is gone with it."""
        if not self.connection.closed:
            try:
                self.run(statement)
            except (psycopg2.InterfaceError, psycopg2.OperationalError):
                self.connection.close()

    @property
    def is_closed(self) -> bool:
        """Whether the connection is gone, whoever ended it."""
        return bool(self.connection.closed)

    def close(self) -> None:
        """Close the connection; an open transaction is rolled back by the server."""
        self.connection.close()


@dataclass(frozen=True, slots=True)
class Access:
    """How databases without a credential reference of their own are entered; None leaves it to libpq."""

    credential: str | None = None
    passfile: str | None = None


def open_session(database: Database, application_name: str = "migrator", access: Access | None = None) -> Session:
    """Connect to a registered database.

    Raises WrongCredentials when the server answered and trying again cannot help, DatabaseUnreachable otherwise.
    """
    access = access or Access()
    conninfo = make_dsn(
        host=database.host,
        port=database.port,
        dbname=database.name,
        user=database.username,
        password=password_for(database.credential or access.credential, database.id),
        passfile=access.passfile,
    )
    return _connect(conninfo, database, application_name)


def open_url(url: str, application_name: str = "migrator") -> Session:
    """Connect by a libpq URL or conninfo string, for one schema without a registry; errors as open_session."""
    return _connect(url, database_at(url), application_name)


def database_at(url: str) -> Database:
    """The database that a libpq URL or conninfo string leads to, as far as it says. Raises BadUrl."""
    try:
        parts = parse_dsn(url)
        port = int(parts.get("port", DEFAULT_PORT))
    except (psycopg2.ProgrammingError, ValueError):
        raise BadUrl(reason="it is not of the form postgresql://user@host:port/database") from None
    name = parts.get("dbname") or parts.get("user") or "postgres"
    return Database(
        id=name,
        name=name,
        kind=DatabaseKind.TENANT,
        host=parts.get("host", "localhost"),
        port=port,
        username=parts.get("user"),
    )


@contextmanager
def session_on(
    database: Database, application_name: str = "migrator", access: Access | None = None
) -> Iterator[Session]:
    """A session that is closed whatever happens."""
    session = open_session(database, application_name, access)
    try:
        yield session
    finally:
        session.close()


def _connect(conninfo: str, database: Database, application_name: str) -> Session:
    try:
        opened = psycopg2.connect(
            conninfo,
            application_name=application_name[:63],
            connect_timeout=CONNECT_LIMIT_SECONDS,
            client_encoding="utf8",
        )
    except psycopg2.OperationalError as error:
        raise _refusal(database, str(error)) from None
    return Session(opened, database.id)


def _refusal(database: Database, said: str) -> MigratorError:
    """Libpq gives no SQLSTATE for a connection that failed, only text; text in another language is transient."""
    lines = said.strip().splitlines()
    first = next((line for line in lines if "FATAL:" in line), lines[0] if lines else "")
    reason = first.rpartition("FATAL:")[2].rpartition("failed: ")[2].strip() or "no reason given"
    user = database.username or "chosen by libpq"
    if _FINAL.search(said):
        return WrongCredentials(database=database.id, address=database.address, user=user, reason=reason)
    return DatabaseUnreachable(database=database.id, address=database.address, reason=reason)
