"""What every page takes from the source: where it is, and what classes and fields say of themselves."""

from __future__ import annotations

import ast
import inspect
import textwrap
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
NOTE = "<!-- Written by `make docs`; change the source, not this page. -->"


def sentence(described: type[Any]) -> str:
    """The docstring of a class, on one line."""
    return " ".join((described.__doc__ or "").split()).replace("``", "`")


def docstrings(model: type[Any]) -> dict[str, str]:
    """The string below each field of a class, as its source has it."""
    body = ast.parse(textwrap.dedent(inspect.getsource(model))).body[0]
    assert isinstance(body, ast.ClassDef)  # noqa: S101 - the source of a class
    found, last = {}, None
    for node in body.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            last = node.target.id
        elif last and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            found[last] = " ".join(str(node.value.value).split())
            last = None
        else:
            last = None
    return found
