"""The names that PostgreSQL gives to constraints, indexes and sequences that a statement leaves without one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count
from typing import Any

from pglast import ast
from pglast.enums import A_Expr_Kind

from migrator.folder.inverse.picture import Picture
from migrator.folder.inverse.walk import nodes_in

_LONGEST = 63


def object_name(table: str, columns: str, label: str) -> str:
    """Table, columns and label joined; the longer of the first two is cut until all of it fits, in bytes."""
    parts = [table.encode(), columns.encode()]
    room = _LONGEST - len(label) - 1 - (1 if columns else 0)
    while len(parts[0]) + len(parts[1]) > room:
        longer = 0 if len(parts[0]) > len(parts[1]) else 1
        parts[longer] = parts[longer][:-1]
    return "_".join(part for part in (*(part.decode(errors="ignore") for part in parts), label) if part)


def free_name(table: str, columns: str, label: str, taken: Callable[[str], bool | None]) -> str | None:
    """The first name that is not taken; None when it is not known which one that is."""
    for number in count():
        name = object_name(table, columns, f"{label}{number or ''}")
        if (there := taken(name)) is None:
            return None
        if not there:
            return name
    return None


def relation_taken(picture: Picture, schema: str) -> Callable[[str], bool | None]:
    """Whether a relation of the schema has a name."""
    return lambda name: picture.exists(("relation", schema, name))


def constraint_taken(picture: Picture, schema: str) -> Callable[[str], bool | None]:
    """Whether a constraint of the schema has a name, whatever its table."""

    def taken(name: str) -> bool | None:
        if any(key[0] == "constraint" and key[1] == schema and key[3] == name for key in picture.things):
            return True
        return False if picture.whole and not picture.is_doubtful(name) else None

    return taken


def either(*tests: Callable[[str], bool | None]) -> Callable[[str], bool | None]:
    """Whether a name is taken in one way or another."""

    def taken(name: str) -> bool | None:
        found = [test(name) for test in tests]
        return True if True in found else None if None in found else False

    return taken


def joined(columns: Iterable[str]) -> str:
    """The columns' part of a name."""
    text = ""
    for column in columns:
        text += f"{'_' if text else ''}{column}"
        if len(text.encode()) > _LONGEST:
            break
    return text


def index_columns(elements: Sequence[Any]) -> list[str] | None:
    """What each column of an index is called in its name; None when that is not certain."""
    found: list[str] = []
    for element in elements:
        name = element.name or _called(element.expr)
        if name is None:
            return None
        tries = (name if not number else f"{name}{number}" for number in count())
        found.append(next(each for each in tries if each not in found))
    return found


def _called(expression: Any) -> str | None:
    if isinstance(expression, ast.FuncCall):
        words: Any = expression.funcname
        return str(words[-1].sval)
    if isinstance(expression, ast.CoalesceExpr):
        return "coalesce"
    if isinstance(expression, ast.CollateClause):
        return _called(expression.arg)
    plain = isinstance(expression, ast.A_Expr) and expression.kind == A_Expr_Kind.AEXPR_OP
    return "expr" if plain or isinstance(expression, ast.BoolExpr) else None


def checked_column(expression: Any, table: str) -> str | None:
    """The column's part of a CHECK's name: the column if there is just one; None when that is not certain."""
    columns = set(_columns(expression))
    if "*" in columns or table in columns:
        return None
    return columns.pop() if len(columns) == 1 else ""


def _columns(expression: Any) -> Iterator[str]:
    for node in nodes_in(expression):
        if isinstance(node, ast.ColumnRef):
            fields: Any = node.fields
            yield "*" if isinstance(fields[-1], ast.A_Star) else fields[-1].sval
