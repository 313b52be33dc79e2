"""Rules about a migration as a whole: its way back, its transaction, its time."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from migrator.folder.lint import rules
from migrator.folder.lint.finding import Finding
from migrator.model.migration import Migration, MigrationKind, Statement

MANY = 10
"""So many statements behind a strong lock are many."""


def without_way_back(migration: Migration, is_derived: Callable[[Migration], bool]) -> Iterator[Finding]:
    """Repeatable and baseline migrations are not taken back by scripts.

    ``is_derived``: whether a way back is derived for certain, so that none needs to be written.
    """
    if migration.kind is not MigrationKind.VERSIONED or migration.undo or migration.undo_code:
        return
    if migration.undo_is_empty:
        said = f"it has no statement: going back behind {migration.script} is refused"
        yield rules.EMPTY_UNDO.finding(migration.undo_path or migration.path, 1, said)
    if migration.code:
        yield rules.NO_WAY_BACK.finding(migration.path, 1, "it has no function undo(connection)")
    destroying = [each for each in migration.statements if each.effects.destroys and not _only_new(each)]
    if destroying and not is_derived(migration):
        for statement in destroying:
            said = f"it {statement.effects.destroys[0]}, and no script brings that back"
            yield rules.NO_WAY_BACK.finding(migration.path, statement.line, said)


def mixed(migration: Migration) -> Iterator[Finding]:
    """At the first statement that runs alone."""
    alone = [statement for statement in migration.statements if not statement.transactional]
    if alone and len(alone) < len([s for s in migration.statements if not _is_setting(s)]):
        said = "PostgreSQL refuses this inside a transaction, so each statement of this file is committed by itself"
        yield rules.MIXED_TRANSACTION.finding(migration.path, alone[0].line, said)


def long_ones(migration: Migration) -> Iterator[Finding]:
    """Statements that take as long as a table is large."""
    if migration.directives.timeout is not None:
        return
    for statement in migration.statements:
        for table in statement.effects.rewrites:
            said = f"it writes {table} anew as a whole, and nobody can read it meanwhile"
            yield rules.LONG_STATEMENT.finding(migration.path, statement.line, said)
        for table in statement.effects.scans:
            said = f"it goes through all rows of {table}, which {_meanwhile(statement, table)}"
            yield rules.LONG_STATEMENT.finding(migration.path, statement.line, said)


def held_locks(migration: Migration) -> Iterator[Finding]:
    """At the first strong lock of each transaction that has many statements behind it."""
    blocks = {statement.block for statement in migration.statements if statement.block is not None}
    for block in sorted(blocks):
        inside = [statement for statement in migration.statements if statement.block == block]
        for number, statement in enumerate(inside):
            behind = len(inside) - number - 1
            table = next((x for x in statement.effects.locks if not x.is_new and x.mode.stops_writes), None)
            if table and behind > MANY:
                said = f"it locks {table.relation} ({table.mode}) while {behind} more statements run"
                yield rules.LOCK_HELD.finding(migration.path, statement.line, said)
                break


def _only_new(statement: Statement) -> bool:
    return bool(statement.effects.locks) and all(lock.is_new for lock in statement.effects.locks)


def _is_setting(statement: Statement) -> bool:
    return statement.text.lstrip().lower().startswith(("set ", "reset "))


def _meanwhile(statement: Statement, table: str) -> str:
    mode = next((lock.mode for lock in statement.effects.locks if lock.relation == table), None)
    if mode is None or not mode.stops_writes:
        return "takes as long as the table is large"
    return f"nobody can {'read' if mode == 'ACCESS EXCLUSIVE' else 'write to'} meanwhile"
