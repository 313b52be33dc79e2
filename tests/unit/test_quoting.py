"""No statement is put together from text: names and values go in by psycopg2.sql, or not at all."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import migrator

ROOT = Path(migrator.__file__).parents[1]
SENDS = {"execute", "executemany", "exec_driver_sql", "copy_expert", "run", "rows", "ask", "text", "SQL", "_send"}
NOT_SQL = {"subprocess", "asyncio", "relpath"}
TEXT_METHODS = {"format", "join", "replace", "format_map", "translate"}
REASONS = {
    "migrator/fleet/store.py:_joined": "whole queries of our own files, one after the other; values are parameters",
    "migrator/schema/clone.py:clone": "pieces that pg_dump and Session.text have quoted, one after the other",
    "migrator/schema/history.py:lap": "a number of ours, into the name of a savepoint",
}
"""Places where whole statements are put one after the other, each quoted before."""


def built(node: ast.AST) -> bool:
    """Whether an expression makes text from parts: f"{x}", "%s" % x, "{}".format(x), "," + x and their like."""
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in node.values)
    if isinstance(node, ast.BinOp):
        if isinstance(node.op, ast.Mod):
            return _is_text(node.left)
        return isinstance(node.op, ast.Add) and any(map(built, (node.left, node.right)))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in TEXT_METHODS:
        return _is_text(node.func.value) or (node.func.attr == "replace")
    return False


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def offences(source: str) -> list[tuple[str, int]]:
    """Function and line of each call that may send a statement which was put together from text."""
    found = []

    def look(node: ast.AST, function: str) -> None:
        here = node.name if isinstance(node, ast.FunctionDef) else function
        if isinstance(node, ast.Call) and _sends(node) and any(map(built, node.args[:1])):
            found.append((here, node.lineno))
        for child in ast.iter_child_nodes(node):
            look(child, here)

    look(ast.parse(source), "")
    return found


def _sends(call: ast.Call) -> bool:
    function = call.func
    if isinstance(function, ast.Attribute):
        of = function.value.id if isinstance(function.value, ast.Name) else ""
        return function.attr in SENDS and of not in NOT_SQL
    return isinstance(function, ast.Name) and function.id in {"text", "SQL"}


def places() -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{function}"
        for package in ("migrator", "tasks", "config")
        for path in sorted((ROOT / package).rglob("*.py"))
        for function, _ in offences(path.read_text(encoding="utf-8"))
    ]


def test_no_statement_is_put_together_from_text():
    assert sorted({place for place in places() if place not in REASONS}) == []


def test_every_exception_is_still_needed():
    assert {place for place in REASONS} - set(places()) == set()


@pytest.mark.parametrize(
    "line",
    [
        'cursor.execute(f"DROP SCHEMA {name}")',
        'cursor.execute("DROP SCHEMA %s" % name)',
        'cursor.execute("DROP SCHEMA {}".format(name))',
        'cursor.execute("BEGIN;" + f"DROP SCHEMA {name}")',
        'cursor.execute(", ".join(names))',
        'cursor.execute(template.replace("{schema}", name))',
        'session.run(f"DROP SCHEMA {name}")',
        'session.ask(f"SELECT {name}")',
        'connection.execute(text(f"SELECT {name}"))',
        'sql.SQL(f"DROP SCHEMA {name}")',
        'sql.SQL("DROP SCHEMA %s" % name)',
    ],
)
def test_a_statement_made_from_text_would_be_found(line):
    assert offences(line) == [("", 1)]


@pytest.mark.parametrize(
    "line",
    [
        'cursor.execute("SELECT %s", [name])',
        'session.run(session.text(sql.SQL("DROP SCHEMA {}").format(sql.Identifier(name))))',
        'session.run(self._text("mark") + "COMMIT")',
        'subprocess.run(f"{program}")',
    ],
)
def test_a_statement_with_its_values_beside_it_is_fine(line):
    assert offences(line) == []
