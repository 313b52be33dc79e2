"""The text that applies a run of migrations: composed once, sent to every schema that needs just these."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from psycopg2 import sql

from migrator.model.migration import Migration, Statement
from migrator.model.slot import has_slots
from migrator.schema import history
from migrator.schema.session import Session


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a folder something happened."""

    migration: Migration
    statement: Statement

    def at(self, position: int | None) -> Place:
        """The same statement with the line of one of its characters, 0 for the first; None for unknown."""
        if position is None:
            return self
        further = self.statement.text.count("\n", 0, position)
        return replace(self, statement=replace(self.statement, line=self.statement.line + further))


class Script:
    """Migrations that are applied together: all of them in one transaction, or one that must run outside.

    ``in_pieces``: one that could run inside but adds an enum's value and uses it, and so has to commit in between.
    """

    def __init__(
        self, session: Session, migrations: Sequence[Migration], *, in_pieces: bool = False, measures: bool = True
    ) -> None:
        self.migrations = tuple(migrations)
        self.in_pieces, self.measures = in_pieces, measures
        self.rows = sql.SQL(session.text(history.rows_of(migrations)))
        self._parts = [self._part(session, number, m) for number, m in enumerate(migrations, start=1)]
        self.begin = self.lap(session, 0)

    @property
    def transactional(self) -> bool:
        """Whether all of it can run inside one transaction."""
        return not self.in_pieces and all(migration.transactional for migration in self.migrations)

    @property
    def is_text(self) -> bool:
        """Whether it can be sent as one string: no code and no data for COPY."""
        return all(migration.is_text for migration in self.migrations)

    @cached_property
    def has_slots(self) -> bool:
        """Whether its text is not the same for every schema."""
        return has_slots(self.body)

    def lap(self, session: Session, number: int) -> str:
        """The lap behind migration ``number``; rows are counted around a migration that may write some."""
        beside = self.migrations[max(number - 1, 0) : number + 1]
        counts = any(map(_may_write_rows, beside))
        return session.text(history.lap(number, counts_rows=counts, measures=self.measures))

    @cached_property
    def body(self) -> str:
        """All files behind each other as they are, a lap after each, ready to be sent as one string."""
        return "".join(self._parts)

    @cached_property
    def _starts(self) -> list[int]:
        starts, at = [], 0
        for migration, part in zip(self.migrations, self._parts, strict=True):
            starts.append(at + len(preface(migration)))
            at += len(part)
        return starts

    def _part(self, session: Session, number: int, migration: Migration) -> str:
        """The line end before the semicolon closes a comment that ends the file."""
        return f"{preface(migration)}{migration.sql}\n;{self.lap(session, number)}\n"

    def places(self) -> list[Place]:
        """Every statement, in order."""
        return [Place(migration, statement) for migration in self.migrations for statement in migration.statements]

    def place_at(self, position: int) -> Place:
        """The statement at a character of the body, 0 for the first."""
        number = max(bisect_right(self._starts, position) - 1, 0)
        migration, offset = self.migrations[number], position - self._starts[number]
        reached = bisect_right([statement.start for statement in migration.statements], offset)
        statement = migration.statements[max(reached - 1, 0)]
        further = migration.sql.count("\n", statement.start, offset)
        return Place(migration, replace(statement, line=statement.line + further))


def preface(migration: Migration, scope: str = "LOCAL") -> str:
    """The statement that gives a migration the time it asks for; nothing for one that does not ask."""
    asked = migration.directives.timeout
    return "" if asked is None else f"SET {scope} statement_timeout = {int(asked * 1000)}; "


def runs(migrations: Sequence[Migration], *, cut_enums: bool = False) -> list[list[Migration]]:
    """Pending migrations cut where PostgreSQL demands it: as many as possible in one transaction, others alone.

    With ``cut_enums`` a run also ends behind a migration that adds a value to an enum, so that the next one
    may use it, and a migration that uses its own new value is alone. That is asked for only when the server
    does, for a run in pieces may stop in the middle.
    """
    cut: list[list[Migration]] = []
    for migration in migrations:
        joins = migration.transactional and not (cut_enums and is_in_pieces(migration))
        if cut and joins and _goes_on(cut[-1][-1], cut_enums):
            cut[-1].append(migration)
        else:
            cut.append([migration])
    return cut


def _goes_on(before: Migration, cut_enums: bool) -> bool:
    return before.transactional and not (cut_enums and before.adds_values)


def is_in_pieces(migration: Migration) -> bool:
    """Whether there are statements behind a new enum value, so that they might use it."""
    return any(statement.adds_value for statement in migration.statements[:-1])


def _may_write_rows(migration: Migration) -> bool:
    return migration.code is not None or any(statement.effects.writes_rows for statement in migration.statements)
