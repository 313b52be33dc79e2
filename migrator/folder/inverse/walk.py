"""What stands inside a statement."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pglast import ast


def nodes_in(value: Any) -> Iterator[ast.Node]:
    """Every node in a part of a statement, outer ones first."""
    if isinstance(value, tuple):
        for each in value:
            yield from nodes_in(each)
    elif isinstance(value, ast.Node):
        yield value
        for member in value:
            yield from nodes_in(getattr(value, member))


def spreads(stmt: ast.Node) -> bool:
    """Whether it means more when one of its tables gets a column: SELECT *, NATURAL JOIN."""
    return any(
        (isinstance(node, ast.ColumnRef) and isinstance(node.fields[-1], ast.A_Star))
        or (isinstance(node, ast.JoinExpr) and node.isNatural)
        for node in nodes_in(stmt)
    )
