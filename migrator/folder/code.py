"""A step that is code: a Python file with ``apply(connection)`` and perhaps ``undo(connection)``."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from migrator.errors import BadStep
from migrator.folder import flyway
from migrator.folder.checksum import checksum
from migrator.folder.directives import read_directives
from migrator.folder.names import parse_numbered
from migrator.folder.source import read_text
from migrator.model.migration import Code, Migration, MigrationKind


def named_as_steps(files: Iterable[Path]) -> list[Path]:
    """The Python files that are named like migrations."""
    return [file for file in files if flyway.claims(file.with_suffix(".sql")) or parse_numbered(file.stem)]


def is_step(file: Path) -> bool:
    """Whether a Python file has what makes it a step; migrations of other tools in Python do not."""
    return "apply" in _functions(file, read_text(file))


def read_step(file: Path) -> Migration:
    """The migration that a Python file is. It is not run before the step is; raises BadStep for one that is none."""
    text = read_text(file)
    functions = _functions(file, text)
    if "apply" not in functions:
        raise BadStep(path=file, line=1, reason="it has no function apply")
    name = flyway.parse_name(file.with_suffix(".sql")) if flyway.claims(file.with_suffix(".sql")) else None
    numbered = parse_numbered(file.stem)
    has_undo = "undo" in functions
    return Migration(
        kind=name.kind if name else MigrationKind.VERSIONED,
        version=name.version if name else numbered.version if numbered else None,
        description=name.description if name else numbered.description if numbered else file.stem,
        script=file.name,
        path=file,
        checksum=checksum(text),
        sql="",
        statements=(),
        directives=read_directives(as_sql_comments(text), file),
        code=_caller(file, "apply"),
        undo_code=_caller(file, "undo") if has_undo else None,
        undo_path=file if has_undo else None,
    )


def _functions(file: Path, text: str) -> set[str]:
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise BadStep(path=file, line=error.lineno or 1, reason=error.msg) from None
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def as_sql_comments(text: str) -> str:
    """The comments at the top of a Python file, as the reader of directives knows them."""
    lines = []
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            break
        lines.append(line.replace("#", "--", 1))
    return "\n".join(lines)


def _caller(file: Path, function: str) -> Code:
    def call(connection: Any) -> None:
        getattr(_module(file, file.stat().st_mtime_ns), function)(connection)

    return call


@cache
def _module(file: Path, _changed: int) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"migrator_step_{file.stem.replace('.', '_')}", file)
    if spec is None or spec.loader is None:
        raise BadStep(path=file, line=1, reason="Python cannot load it")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
