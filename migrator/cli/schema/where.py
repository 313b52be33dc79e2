"""Which schema of which database a command is for, and which folder it is held against."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import click

from migrator.cli.interrupting import interruptible
from migrator.cli.output import json_option
from migrator.folder import read_folder
from migrator.model.folder import Folder
from migrator.model.identifier import checked_schema_name
from migrator.model.target import Scope
from migrator.schema.history import DEFAULT_TABLE, HistoryTable
from migrator.schema.rules import Rules
from migrator.schema.session import Session, open_url
from migrator.schema.visit import Visit


@dataclass(frozen=True, slots=True)
class Where:
    """One schema, reached by a URL."""

    url: str
    schema: str
    history_table: str
    folder: Path | None = None
    scope: Scope = Scope.TENANT

    def read_folder(self) -> Folder:
        """The migrations of the folder. Raises a FolderError."""
        if self.folder is None:
            raise ValueError("this command has no folder")
        return read_folder(self.folder, scope=self.scope)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session on the database, closed in the end; Ctrl-C has its statement cancelled."""
        session = open_url(self.url)
        try:
            with interruptible(session):
                yield session
        finally:
            session.close()

    @property
    def rules(self) -> Rules:
        """How patient the engine is there."""
        return Rules(history_table=self.history_table)

    @property
    def table(self) -> HistoryTable:
        """Where the schema's history is."""
        return HistoryTable(self.schema, self.history_table)

    def visit(self, session: Session) -> Visit:
        """The schema, about to be entered."""
        return Visit(session, self.table, self.rules)


_PLACE = [
    click.option("--url", required=True, help="The database, as a libpq URL."),
    click.option(
        "--schema",
        required=True,
        callback=lambda _context, _option, value: checked_schema_name(value),
        help="The schema.",
    ),
    click.option("--history-table", default=DEFAULT_TABLE, show_default=True, help="The table inside the schema."),
]
_FOLDER = [
    click.option("--folder", type=click.Path(path_type=Path), required=True, help="The migration folder."),
    click.option(
        "--scope",
        type=click.Choice([scope.value for scope in Scope]),
        default="tenant",
        show_default=True,
        callback=lambda _context, _option, value: Scope(value),
        help="A tenant's migrations may change no other schema.",
    ),
]


def one_schema(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that name a schema and a folder, as ``where``, and ``--json``, as ``as_json``."""
    return _with_options(command, [*_PLACE[:2], *_FOLDER, _PLACE[2]])


def one_schema_without_folder(command: Callable[..., None]) -> Callable[..., None]:
    """As ``one_schema``, for a command that needs no folder."""
    return _with_options(command, _PLACE)


def _with_options(command: Callable[..., None], options: list[Callable[..., Any]]) -> Callable[..., None]:
    @wraps(command)
    def called(url: str, schema: str, history_table: str, **more: Any) -> None:
        folder, scope = more.pop("folder", None), more.pop("scope", Scope.TENANT)
        command(where=Where(url, schema, history_table, folder, scope), **more)

    for option in reversed([*options, json_option]):
        called = option(called)
    return called
