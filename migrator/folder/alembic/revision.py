"""One revision file, read as text: nothing in it is run."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrator.errors import BadRevision
from migrator.folder.alembic.functions import Function, function_named
from migrator.folder.source import read_text


@dataclass(frozen=True, slots=True)
class Revision:
    """What a revision file says."""

    id: str
    path: Path
    text: str
    down: tuple[str, ...]
    depends: tuple[str, ...]
    """Revisions or labels."""
    labels: tuple[str, ...]
    description: str
    upgrade: Function
    downgrade: Function | None
    lines: dict[str, int]
    """Where ``down_revision`` and the like stand."""


def read_revision(path: Path) -> Revision:
    """The revision in a file. Raises BadRevision with file and line."""
    text = read_text(path)
    tree = _parsed(path, text)
    found = {name: value for node in tree.body for name, value in _assigned(node)}
    return Revision(
        id=_id(path, found),
        path=path,
        text=text,
        down=_names(path, found, "down_revision"),
        depends=_names(path, found, "depends_on"),
        labels=_names(path, found, "branch_labels"),
        description=_description(ast.get_docstring(tree), path),
        upgrade=_upgrade(path, tree),
        downgrade=_callable(path, function_named(tree, "downgrade"), "downgrade"),
        lines={name: value.lineno for name, value in found.items()},
    )


def _parsed(path: Path, text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except SyntaxError as error:
        raise BadRevision(path=path, line=error.lineno or 1, reason=error.msg) from None


def _assigned(node: ast.stmt) -> list[tuple[str, ast.expr]]:
    if isinstance(node, ast.Assign):
        return [(target.id, node.value) for target in node.targets if isinstance(target, ast.Name)]
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
        return [(node.target.id, node.value)]
    return []


def _id(path: Path, found: dict[str, ast.expr]) -> str:
    names = _names(path, found, "revision")
    if len(names) != 1:
        raise BadRevision(path=path, line=1, reason="it does not say its revision")
    return names[0]


def _names(path: Path, found: dict[str, ast.expr], variable: str) -> tuple[str, ...]:
    """The value of a variable as Alembic takes it: nothing, one name, or several."""
    if variable not in found:
        return ()
    node = found[variable]
    try:
        value: Any = ast.literal_eval(node)
    except ValueError:
        reason = f"{variable} is not written out, and the file is not run to be read"
        raise BadRevision(path=path, line=node.lineno, reason=reason) from None
    names = tuple(value) if isinstance(value, (tuple, list, set)) else (value,) if value else ()
    if not all(isinstance(name, str) for name in names):
        raise BadRevision(path=path, line=node.lineno, reason=f"{variable} is {value!r}, which names no revision")
    return tuple(sorted(names)) if isinstance(value, set) else names


def _description(docstring: str | None, path: Path) -> str:
    """The first paragraph, as ``alembic history`` shows it; else the file's name."""
    first = (docstring or "").strip().split("\n\n")[0]
    return " ".join(first.split()) or path.stem.replace("_", " ")


def _upgrade(path: Path, tree: ast.Module) -> Function:
    function = _callable(path, function_named(tree, "upgrade"), "upgrade")
    if function is None:
        raise BadRevision(path=path, line=1, reason="it has no function upgrade")
    return function


def _callable(path: Path, function: Function | None, name: str) -> Function | None:
    if function is not None and function.needs:
        reason = f"{name} wants an argument, {function.needs}; directories for several databases are not supported"
        raise BadRevision(path=path, line=function.line, reason=reason)
    return function
