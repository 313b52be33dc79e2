"""The way to the control database. The caller owns the transaction; everything else here takes a connection."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, TextClause, create_engine, text
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError, ProgrammingError

from migrator.errors import BadUrl, ControlDatabaseRefused, ControlDatabaseUnreachable, ControlSchemaMissing
from migrator.fleet import MIGRATIONS, SCHEMA
from migrator.fleet.alive import keep_alive_only
from migrator.fleet.listener import Listener
from migrator.model.version import Version
from migrator.queries import load_queries

_FOLDER = Path(__file__).parent / "sql"
_PARAMETER = re.compile(r"(?<![:\w]):([a-z_]+)")
QUERIES = {name: text(query) for file in sorted(_FOLDER.glob("*.sql")) for name, query in load_queries(file).items()}


class Store:
    """The control database, by its URL; connections are pooled and made when first needed."""

    def __init__(self, url: str, *, pool_size: int = 2) -> None:
        try:
            parsed = make_url(url)
        except (ArgumentError, ValueError):
            raise BadUrl(reason="it is not of the form postgresql://user@host:port/database") from None
        self._engine: Engine = create_engine(
            parsed.set(drivername="postgresql+psycopg2"),
            pool_size=pool_size,
            max_overflow=2,
            hide_parameters=True,
            connect_args={
                "application_name": "migrator control",
                "connect_timeout": 5,
                "options": f"-c search_path={SCHEMA}",
            },
        )
        keep_alive_only(self._engine)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction: committed at the end of the block, rolled back when it raises."""
        try:
            with self._engine.begin() as connection:
                yield connection
        except OperationalError as error:
            raise ControlDatabaseUnreachable(address=self.address, reason=str(error.orig).strip()) from error
        except ProgrammingError as error:
            if getattr(error.orig, "pgcode", None) == "42P01":
                raise ControlSchemaMissing(found="without our tables", needed=_needed()) from None
            raise self._refused(error) from None
        except DBAPIError as error:
            raise self._refused(error) from None

    def listen(self, query: str) -> Listener:
        """A connection beside the pool that was told to listen by a named query; who opens it closes it."""
        try:
            connection = self._engine.connect()
        except DBAPIError as error:
            raise ControlDatabaseUnreachable(address=self.address, reason=str(error.orig).strip()) from error
        connection.detach()
        return Listener(connection, str(QUERIES[query]), self.address)

    def check_schema(self) -> None:
        """Raise ControlSchemaMissing when the tables are older than this release, or not there at all."""
        needed = _needed()
        with self.begin() as connection:
            found = first(connection, "control_version")
        if found is None or Version(found.version) < needed:
            at = f"at version {found.version}" if found else "without our tables"
            raise ControlSchemaMissing(found=at, needed=needed)

    def _refused(self, error: DBAPIError) -> ControlDatabaseRefused:
        """Without the server's DETAIL, which quotes values."""
        said = getattr(getattr(error.orig, "diag", None), "message_primary", None) or type(error.orig).__name__
        return ControlDatabaseRefused(address=self.address, reason=said)

    @property
    def address(self) -> str:
        """Where the control database is, without a password."""
        url = self._engine.url
        return f"{url.host}:{url.port}/{url.database}"

    def dispose(self) -> None:
        """Close all connections, in this process only."""
        self._engine.dispose()


def _needed() -> Version:
    return max(Version(file.name[1:].partition("__")[0]) for file in MIGRATIONS.glob("V*.sql"))


def rows(connection: Connection, name: str, /, **values: Any) -> Sequence[Row[Any]]:
    """Run a named query and read its rows."""
    return connection.execute(QUERIES[name], values).all()


def first(connection: Connection, name: str, /, **values: Any) -> Row[Any] | None:
    """Run a named query and read its first row, None when it has none."""
    return connection.execute(QUERIES[name], values).first()


def run(connection: Connection, name: str, /, **values: Any) -> int:
    """Run a named query and say how many rows it touched."""
    return connection.execute(QUERIES[name], values).rowcount


def together(connection: Connection, *queries: tuple[str, Mapping[str, Any]]) -> Row[Any] | None:
    """Run named queries in one round trip, each sees what those before it did; the first row of the last one."""
    values = {f"{name}_{place}": value for place, (_, given) in enumerate(queries) for name, value in given.items()}
    return connection.execute(_joined(tuple(name for name, _ in queries)), values).first()


@cache
def _joined(names: tuple[str, ...]) -> TextClause:
    """The queries as one text, in which each has parameters of its own."""
    return text("\n".join(_PARAMETER.sub(rf":\1_{place}", str(QUERIES[name])) for place, name in enumerate(names)))
