"""A migration: one step in a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from migrator.model.effects import Effects
from migrator.model.version import Version

_BACK = "undo: "
_DERIVED = "inverse of "

Code = Callable[[Any], None]
"""A step that is code: called with the driver's connection, inside the target's transaction and search path."""


class MigrationKind(StrEnum):
    """How a migration is applied: once, again when its text changes, first of all to an empty schema, or backwards."""

    VERSIONED = "versioned"
    REPEATABLE = "repeatable"
    BASELINE = "baseline"
    UNDO = "undo"
    """Takes back the migration of the same version; made from that one, never read from a folder by itself."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One SQL statement of a migration file."""

    text: str
    line: int
    """Where it starts in its file, 1 for the first line."""
    start: int = 0
    """Where it starts in its file, in characters."""
    transactional: bool = True
    """False for what PostgreSQL refuses inside a transaction block."""
    builds: str | None = None
    """The name of the index that it builds concurrently."""
    drops: str | None = None
    """The name of the index that it drops concurrently."""
    rebuilds: bool = False
    """Whether it rebuilds indexes concurrently."""
    detaches: tuple[str, str] | None = None
    """A table and the partition that it detaches from that concurrently, written as in SQL."""
    adds_value: bool = False
    """Whether it adds a value to an enum, which may not be used before it is committed."""
    block: int | None = 0
    """Which transaction of its file it stands in: 0 is the first, None stands for none."""
    data: str | None = None
    """What the file gives to COPY ... FROM STDIN."""
    effects: Effects = field(default_factory=Effects)


@dataclass(frozen=True, slots=True)
class Directives:
    """What a migration's comment header asks for; None where it does not say."""

    transactional: bool | None = None
    timeout: float | None = None
    """Seconds that one statement may take."""
    depends: tuple[tuple[str, Version], ...] = ()
    """Scopes, each with the version that it must have reached before."""
    destructive: bool | None = None
    ignore: tuple[str, ...] = ()
    """Rules of lint that are not to be heard of for this file."""


@dataclass(frozen=True)
class Migration:
    """One step in a folder, read and analysed once however many schemas it is applied to."""

    kind: MigrationKind
    version: Version | None
    description: str
    script: str
    """The name as it stands in history: the file's, or that of a migration's own folder."""
    path: Path
    checksum: int | None
    """None for a way back. Flyway's: CRC32 over the lines, signed 32 bits."""
    sql: str
    """The way forward, on the lines of its file; what is not for the server is blanked out."""
    statements: tuple[Statement, ...]
    undo: str | None = None
    """The way back, on the lines of its file; None when there is none, or only an empty one."""
    undo_path: Path | None = None
    undo_statements: tuple[Statement, ...] = ()
    undo_is_empty: bool = False
    """There is a script for the way back and it has no statement: it would undo nothing."""
    directives: Directives = Directives()
    undo_directives: Directives = Directives()
    marked_outside: bool = False
    """The folder's own tool was told to run it outside a transaction."""
    undo_marked_outside: bool = False
    code: Code | None = None
    """The way forward, where it is code and not SQL."""
    undo_code: Code | None = None
    code_adds_value: bool = False
    """Whether that code adds a value to an enum, as far as its text tells."""
    author_version: str | None = None
    """What its own tool calls it, where that is no version: an Alembic revision."""

    @property
    def transactional(self) -> bool:
        """Whether the whole file is to run inside one transaction.

        The directive wins over the mark of another tool, but not over what PostgreSQL refuses, nor over a file
        that commits half way.
        """
        in_one = len({statement.block for statement in self.statements} | {0}) == 1
        possible = in_one and all(statement.transactional for statement in self.statements)
        return possible and is_wanted(self.directives, self.marked_outside)

    @property
    def written_undo(self) -> Migration | None:
        """The way back that somebody wrote, as a migration of its own; None where there is none or an empty one."""
        if self.undo is None and self.undo_code is None:
            return None
        path = self.undo_path or self.path
        return replace(
            self,
            kind=MigrationKind.UNDO,
            script=path.name if path != self.path else self.script,
            path=path,
            checksum=None,
            sql=self.undo or "",
            statements=self.undo_statements,
            directives=self.undo_directives,
            marked_outside=self.undo_marked_outside,
            code=self.undo_code,
            undo=None,
            undo_path=None,
            undo_statements=(),
            undo_code=None,
        )

    def derived_undo(self, sql: str, statements: tuple[Statement, ...]) -> Migration:
        """A way back that nobody wrote, as a migration of its own."""
        back = replace(self, undo=sql, undo_statements=statements, undo_path=None, undo_code=None).written_undo
        if back is None:
            raise ValueError(f"{self} has no way back")
        return replace(back, script=f"{_DERIVED}{self.script}", directives=Directives(), marked_outside=False)

    @property
    def is_derived(self) -> bool:
        """Whether it is a way back that nobody wrote."""
        return self.kind is MigrationKind.UNDO and self.script.startswith(_DERIVED)

    @property
    def begun_as(self) -> str:
        """What the mark calls it while it is under way outside a transaction."""
        return f"{_BACK}{self.script}" if self.kind is MigrationKind.UNDO else self.script

    @property
    def is_text(self) -> bool:
        """Whether the server can be sent the whole file as it is: no code and no data for COPY."""
        return self.code is None and all(statement.data is None for statement in self.statements)

    @property
    def adds_values(self) -> bool:
        """Whether a statement adds a value to an enum."""
        return self.code_adds_value or any(statement.adds_value for statement in self.statements)

    @property
    def history_description(self) -> str:
        """Its description as history holds it."""
        return shortened(self.description)

    @property
    def history_type(self) -> str:
        """What history calls it, in Flyway's words."""
        kind = "SCRIPT" if self.code is not None else "SQL"
        if self.kind is MigrationKind.UNDO:
            return f"UNDO_{kind}"
        return f"{kind}_BASELINE" if self.kind is MigrationKind.BASELINE else kind

    def units(self) -> tuple[tuple[Statement, ...], ...]:
        """Its statements as they are committed together when the file as a whole cannot run in one transaction.

        A new enum value ends its unit, because only the next one may use it.
        """
        found: list[list[Statement]] = []
        for statement in self.statements:
            if found and _goes_on(found[-1][-1], statement):
                found[-1].append(statement)
            else:
                found.append([statement])
        return tuple(map(tuple, found))

    def __str__(self) -> str:
        return self.script


def is_way_back(begun: str) -> bool:
    """Whether what a mark says was begun is a way back."""
    return begun.startswith(_BACK)


def shortened(description: str) -> str:
    """A description that fits history's column, cut as Flyway cuts it."""
    return description if len(description) <= 200 else description[:197] + "..."


def is_wanted(directives: Directives, marked_outside: bool) -> bool:
    """Whether a way is to run inside a transaction as far as its marks say; the directive wins."""
    return directives.transactional if directives.transactional is not None else not marked_outside


def _goes_on(before: Statement, statement: Statement) -> bool:
    together = before.block is not None and before.block == statement.block
    return together and before.transactional and statement.transactional and not before.adds_value


def scripts(migrations: Iterable[Migration]) -> tuple[str, ...]:
    """File names, for messages and reports."""
    return tuple(migration.script for migration in migrations)
