"""What stands inside a statement."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pglast import ast

from migrator.folder.inverse.text import words_of


def nodes_in(value: Any) -> Iterator[Any]:
    """Every node in a part of a statement, outer ones first."""
    if isinstance(value, tuple):
        for each in value:
            yield from nodes_in(each)
    elif isinstance(value, ast.Node):
        yield value
        for member in value:
            yield from nodes_in(getattr(value, member))


def names_in(stmt: ast.Node) -> frozenset[str]:
    """Every word that a statement says, keywords left out."""
    texts = (getattr(node, member) for node in nodes_in(stmt) for member in node)
    return words_of(" ".join(text for text in texts if isinstance(text, str)))


def spreads(stmt: ast.Node) -> bool:
    """Whether it means more when one of its tables gets a column: SELECT *, NATURAL JOIN."""
    return any(map(_is_star_or_natural, nodes_in(stmt)))


def _is_star_or_natural(node: Any) -> bool:
    if isinstance(node, ast.ColumnRef):
        fields: Any = node.fields
        return isinstance(fields[-1], ast.A_Star)
    return isinstance(node, ast.JoinExpr) and bool(node.isNatural)
