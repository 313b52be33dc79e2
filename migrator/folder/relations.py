"""How the parser's nodes name relations, and which relations a statement makes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pglast import ast


def named(relation: Any) -> str:
    """A relation as the text names it."""
    return f"{relation.schemaname}.{relation.relname}" if relation.schemaname else str(relation.relname)


def spoken(name: Any) -> str:
    """The words of a name, one or several."""
    words = name if isinstance(name, tuple) else (name,)
    return ".".join(str(word.sval) for word in words)


def members(node: Any) -> Iterator[Any]:
    """What a node, or a list of nodes, is made of."""
    if isinstance(node, tuple):
        yield from node
    elif isinstance(node, ast.Node):
        yield from (getattr(node, member) for member in node)


def has_option(options: Iterable[Any] | None, name: str) -> bool:
    """Whether an option is on; VACUUM (FULL false) says that it is off."""
    for option in options or ():
        if option.defname == name:
            said = getattr(option.arg, "sval", None)
            number = getattr(option.arg, "ival", 1)
            return str(said).lower() not in ("false", "off", "0") and bool(number)
    return False


def made_by(stmt: Any, made: frozenset[str]) -> frozenset[str]:
    """The relations that are there because of this statement; ``made`` are those that the script made before it.

    IF NOT EXISTS is read as said for a new one; CREATE OR REPLACE is not.
    """
    name = _MADE.get(type(stmt), _nothing)(stmt)
    if type(stmt) is ast.RenameStmt and stmt.relation and named(stmt.relation) in made:
        name = stmt.newname
    return frozenset((name,)) if name else frozenset()


def _nothing(_stmt: Any) -> str | None:
    return None


_MADE: dict[type[Any], Callable[[Any], str | None]] = {
    ast.CreateStmt: lambda stmt: named(stmt.relation),
    ast.CreateForeignTableStmt: lambda stmt: named(stmt.base.relation),
    ast.CreateTableAsStmt: lambda stmt: named(stmt.into.rel),
    ast.SelectStmt: lambda stmt: named(stmt.intoClause.rel) if stmt.intoClause else None,
    ast.ViewStmt: lambda stmt: None if stmt.replace else named(stmt.view),
    ast.CreateSeqStmt: lambda stmt: named(stmt.sequence),
    ast.IndexStmt: lambda stmt: stmt.idxname,
}
