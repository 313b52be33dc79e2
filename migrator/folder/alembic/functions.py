"""What upgrade and downgrade of a revision file do, as far as the file's text tells."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_COMMIT = re.compile(r"^\s*(commit|end)(\s+(work|transaction))?\s*;?\s*$", re.IGNORECASE)
_ADD_VALUE = re.compile(r"\balter\s+type\b.*\badd\s+value\b", re.IGNORECASE | re.DOTALL)
_SENDERS = ("execute", "text", "exec_driver_sql")


@dataclass(frozen=True, slots=True)
class Function:
    """One of the two functions of a revision file."""

    line: int
    is_empty: bool = False
    """There is nothing in it to be done."""
    only_raises: bool = False
    needs: str | None = None
    """An argument without which it cannot be called."""
    leaves_transaction: int | None = None
    """The line in which it, or a function of the file that it calls, leaves the transaction."""
    adds_value: bool = False
    """Whether it adds a value to an enum."""


def function_named(tree: ast.Module, name: str) -> Function | None:
    """The function of that name; None where there is none. One that is assigned or imported is not looked into."""
    own = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    if name not in own:
        line = next((node.lineno for node in tree.body if name in _bound(node)), None)
        return Function(line) if line else None
    function = own[name]
    body = [node for node in function.body if not _says_nothing(node)]
    nodes = list(_reached(function, own))
    return Function(
        function.lineno,
        is_empty=not body,
        only_raises=bool(body) and isinstance(body[0], ast.Raise),
        needs=_required(function.args),
        leaves_transaction=min((node.lineno for node in nodes if _leaves(node)), default=None),
        adds_value=any(isinstance(node, ast.Constant) and _is_text(node, _ADD_VALUE) for node in nodes),
    )


def _bound(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        yield from (alias.asname or alias.name for alias in node.names)
    elif isinstance(node, ast.Assign):
        yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def _says_nothing(node: ast.stmt) -> bool:
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Return):
        return node.value is None or isinstance(node.value, ast.Constant)
    return isinstance(node, ast.Pass)


def _required(arguments: ast.arguments) -> str | None:
    positional = [*arguments.posonlyargs, *arguments.args]
    required = positional[: len(positional) - len(arguments.defaults)]
    named = [a for a, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if default is None]
    return next((argument.arg for argument in (*required, *named)), None)


def _reached(function: ast.FunctionDef, own: dict[str, ast.FunctionDef]) -> Iterator[ast.expr]:
    """The expressions in a function and in those of the same file that it names."""
    seen, open_ = {function.name}, [function]
    while open_:
        nodes = list(ast.walk(open_.pop()))
        yield from (node for node in nodes if isinstance(node, ast.expr))
        for name in _names(nodes):
            if name in own and name not in seen:
                seen.add(name)
                open_.append(own[name])


def _names(nodes: Iterable[ast.AST]) -> Iterator[str]:
    return (node.id for node in nodes if isinstance(node, ast.Name))


def _leaves(node: ast.expr) -> bool:
    """Alembic's own way, or the older one: a COMMIT in the text."""
    if isinstance(node, ast.Attribute):
        return node.attr == "autocommit_block"
    if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
        return False
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", None)
    return called in _SENDERS and _is_text(node.args[0], _COMMIT)


def _is_text(node: ast.Constant, pattern: re.Pattern[str]) -> bool:
    return isinstance(node.value, str) and pattern.search(node.value) is not None
