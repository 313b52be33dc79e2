"""SQLAlchemy on the driver's connection that the engine works with, and who begins and ends transactions there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from psycopg2.extensions import TRANSACTION_STATUS_IDLE
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import StaticPool

from migrator.folder.alembic.code import RevisionCode
from migrator.folder.statements import split_statements
from migrator.queries import load_queries

Block = Callable[[], AbstractContextManager[None]]
"""Alembic's ``autocommit_block``."""

_QUERIES = load_queries(Path(__file__).parents[1] / "sql" / "alembic.sql")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a revision is run."""

    schema: str
    has_table: bool
    """Whether Alembic's table is there."""


@contextmanager
def working_on(connection: Any, code: RevisionCode) -> Iterator[tuple[Connection, Place, Block]]:
    """SQLAlchemy's connection on the driver's one; all that it begins and ends stays inside what the engine began.

    Inside the engine's transaction a revision may not leave it. Outside of one it gets a transaction of its own,
    which it may leave for its autocommit blocks, unless its directive says that every statement commits by itself.
    For one thread of a process at a time.
    """
    outside = connection.info.transaction_status == TRANSACTION_STATUS_IDLE
    own = outside and not code.is_bare
    [(schema, has_table)] = _ask(connection, "place", code.terms.options.version_table)
    block = _own_block(connection) if own else _nothing if outside else _refused
    if own:
        _begin(connection)
    try:
        with _sqlalchemy(connection, code, schema) as opened:
            if outside:
                _clear_failed_indexes_away(opened, connection, code)
            yield opened, Place(schema, has_table), block
    except BaseException:
        if own:
            _end(connection, "ROLLBACK")
        raise
    if own:
        _end(connection, "COMMIT")


@contextmanager
def _sqlalchemy(connection: Any, code: RevisionCode, schema: str) -> Iterator[Connection]:
    """The driver's connection is in autocommit: its commit() and rollback(), and so SQLAlchemy's, send nothing."""
    engine, lent = _engine(connection.server_version)
    lent.append(connection)
    rolled_back: list[Connection] = []
    opened = engine.connect().execution_options(schema_translate_map=dict.fromkeys(code.terms.own_names, schema))
    try:
        opened.dialect.default_schema_name = schema
        opened.begin()
        event.listen(opened, "rollback", rolled_back.append)
        yield opened
        if rolled_back:
            raise RuntimeError("it rolled the transaction back, and what came before it would be lost with it")
    finally:
        _restore(connection)
        opened.close()
        engine.dispose(close=False)
        lent.clear()


@lru_cache(maxsize=8)
def _engine(_server_version: int) -> tuple[Engine, list[Any]]:
    """SQLAlchemy's engine for servers of one version, and the list that holds the connection it works on.

    What it has learnt of the server, and compiled, is kept. Revisions run one at a time, so there is one connection.
    """
    lent: list[Any] = []
    engine = create_engine(
        "postgresql+psycopg2://",
        creator=lambda: lent[-1],
        poolclass=StaticPool,
        pool_reset_on_return=None,
        use_native_hstore=False,
        hide_parameters=True,
    )
    event.listen(engine, "set_connection_execution_options", _level_is_ours)
    event.listen(engine, "set_engine_execution_options", _level_is_ours)
    event.listen(engine, "before_cursor_execute", _hold)
    return engine, lent


def _level_is_ours(_asking: object, options: dict[str, Any]) -> None:
    """SQLAlchemy would have the driver begin transactions of its own."""
    if level := options.get("isolation_level"):
        raise RuntimeError(
            f"it asks for isolation level {level}; use op.get_context().autocommit_block(), or put "
            "'# migrator: transactional=false' in the file's first line"
        )


def _hold(_connection: Connection, cursor: Any, *_more: Any) -> None:
    """The driver refuses a server-side cursor in autocommit, unless it would outlive a transaction."""
    if cursor.name:
        cursor.withhold = True


def _restore(connection: Any) -> None:
    """A revision that went to the driver may have taken the connection out of autocommit."""
    if not connection.closed and not connection.autocommit:
        connection.rollback()
        connection.autocommit = True


def _own_block(connection: Any) -> Block:
    @contextmanager
    def block() -> Iterator[None]:
        _end(connection, "COMMIT")
        yield
        _begin(connection)

    return block


@contextmanager
def _nothing() -> Iterator[None]:
    yield


@contextmanager
def _refused() -> Iterator[None]:
    raise RuntimeError(
        "it calls autocommit_block() where that cannot be seen in the file, and runs in a transaction with others; "
        "put '# migrator: transactional=false' in the file's first line"
    )
    yield


def _begin(connection: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("BEGIN;" + _QUERIES["own_patience"])


def _end(connection: Any, word: str) -> None:
    if not connection.closed:
        with connection.cursor() as cursor:
            cursor.execute(word)


def _ask(connection: Any, name: str, *values: object) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(_QUERIES[name], values)
        return list(cursor.fetchall())


def _clear_failed_indexes_away(opened: Connection, connection: Any, code: RevisionCode) -> None:
    """Before an index is built concurrently, drop the invalid one that an earlier try left under its name."""

    def before(_conn: Connection, _cursor: Any, statement: str, *_more: Any) -> None:
        if "CONCURRENTLY" not in statement.upper():
            return
        for index in (found.builds for found in split_statements(statement, code.revision.path) if found.builds):
            for (drop,) in _ask(connection, "is_invalid", index):
                _end(connection, drop)

    event.listen(opened, "before_cursor_execute", before)
