"""The transactions that a file of SQL begins and ends by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pglast import ast
from pglast.enums import TransactionStmtKind as Kind

from migrator.errors import RefusedStatement
from migrator.model.migration import Statement

_BEGINS = (Kind.TRANS_STMT_BEGIN, Kind.TRANS_STMT_START)
_SAVEPOINTS = (Kind.TRANS_STMT_SAVEPOINT, Kind.TRANS_STMT_RELEASE, Kind.TRANS_STMT_ROLLBACK_TO)
_NO_MATTER = {"transaction_read_only": 0, "transaction_isolation": "read committed"}
"""What a BEGIN may ask for, because we do so anyway."""


@dataclass(slots=True)
class _Reader:
    """Walks over the statements of a file and remembers where it is."""

    path: Path
    block: int | None
    """The transaction that is open."""
    begun_in: int | None = None
    """The line of the file's own BEGIN, while that transaction is open."""
    blocks: int = 0

    def place(self, statement: Statement, stmt: ast.Node | None) -> Statement | None:
        """The statement with its transaction; None for one that only begins or ends a transaction."""
        if isinstance(stmt, ast.TransactionStmt) and stmt.kind not in _SAVEPOINTS:
            self._turn(statement, stmt)
            return None
        if not statement.transactional and self.begun_in is not None:
            reason = f"PostgreSQL refuses this inside the transaction that the file begins in line {self.begun_in}"
            raise self._refused(statement, reason)
        return replace(statement, block=self.block)

    def _turn(self, statement: Statement, stmt: ast.TransactionStmt) -> None:
        if stmt.kind in _BEGINS:
            self._begin(statement, stmt)
        elif stmt.kind == Kind.TRANS_STMT_COMMIT:
            self._commit(statement, stmt)
        elif stmt.kind == Kind.TRANS_STMT_ROLLBACK:
            raise self._refused(statement, "it takes back what stands before it, and history would call that applied")
        else:
            raise self._refused(statement, "a transaction prepared for later would stay open when the migration ends")

    def _begin(self, statement: Statement, stmt: ast.TransactionStmt) -> None:
        if not all(_is_usual(option) for option in stmt.options or ()):
            raise self._refused(statement, "migrations run in READ COMMITTED, READ WRITE, which the file would change")
        if self.block is None:
            self.block = self.blocks
        self.begun_in = statement.line

    def _commit(self, statement: Statement, stmt: ast.TransactionStmt) -> None:
        if self.block is not None:
            self.blocks = self.block + 1
        self.block, self.begun_in = (self.blocks, statement.line) if stmt.chain else (None, None)

    def _refused(self, statement: Statement, reason: str) -> RefusedStatement:
        return RefusedStatement(path=self.path, line=statement.line, statement=statement.text.strip(), reason=reason)


def place_in_transactions(
    found: Iterable[tuple[Statement, ast.Node | None]], path: Path, *, outside: bool
) -> Iterator[tuple[Statement, bool]]:
    """Each statement with its transaction, and whether it stays: BEGIN and COMMIT themselves are ours to send.

    A file starts inside the transaction that we open, unless it is to run ``outside`` of one; so a COMMIT before
    any BEGIN ends ours, and what stands between it and the next BEGIN commits by itself. Raises RefusedStatement
    for what would make history lie: ROLLBACK, two-phase commit, another isolation level.
    """
    reader = _Reader(path, None if outside else 0)
    for statement, stmt in found:
        placed = reader.place(statement, stmt)
        yield placed or statement, placed is not None


def _is_usual(option: ast.DefElem) -> bool:
    if option.defname not in _NO_MATTER:
        return False
    value: Any = getattr(option.arg, "val", None)
    said: object = value.sval if isinstance(value, ast.String) else value.ival
    return bool(said == _NO_MATTER[option.defname])
