"""Statements that change no catalog, and those of which nobody can tell what they change."""

from __future__ import annotations

import re
from typing import Any

from pglast import ast
from pglast.enums import TransactionStmtKind
from pglast.keywords import COL_NAME_KEYWORDS, RESERVED_KEYWORDS, TYPE_FUNC_NAME_KEYWORDS, UNRESERVED_KEYWORDS

from migrator.folder.inverse.back import NOTHING, Back, impossible
from migrator.folder.inverse.calls import HARMLESS
from migrator.folder.inverse.scene import Scene
from migrator.folder.inverse.text import words_of
from migrator.model.slot import stand_in

_HARMLESS_SETTINGS = {
    *("application_name", "client_encoding", "client_min_messages", "log_min_duration_statement", "log_statement"),
    *("deadlock_timeout", "idle_in_transaction_session_timeout", "idle_session_timeout", "lock_timeout"),
    *("statement_timeout", "transaction_timeout", "synchronous_commit", "check_function_bodies", "jit"),
    *("maintenance_work_mem", "max_parallel_maintenance_workers", "max_parallel_workers", "work_mem"),
    *("role", "session_authorization", "row_security"),
}
"""What does not change what other statements mean."""
_AS_BY_DEFAULT = {"standard_conforming_strings": "on", "xmloption": "content", "default_tablespace": ""}
_AS_BY_DEFAULT |= {"default_table_access_method": "heap"}
_EXTENSION = "DO $migrator$ BEGIN IF NOT EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = '"
_REACHING = {"execute", "cascade", "perform", "call", "set_config", "search_path", "temp", "temporary"}
_CALLED = re.compile(r"([\w$]+)\s*\(")
_KEYWORDS = COL_NAME_KEYWORDS | RESERVED_KEYWORDS | TYPE_FUNC_NAME_KEYWORDS | UNRESERVED_KEYWORDS
_TO_A_SAVEPOINT = TransactionStmtKind.TRANS_STMT_ROLLBACK_TO


def nothing(_stmt: Any, _scene: Scene) -> Back:
    """A statement that leaves nothing behind."""
    return NOTHING


def code(stmt: Any, scene: Scene) -> Back:
    """DO, CALL, EXECUTE."""
    if scene.text.startswith(_EXTENSION):
        name = scene.text.removeprefix(_EXTENSION).partition("'")[0]
        return Back(notes=(f"extension {name} stays: it belongs to the database",), goes=True)
    body = _plain_body(stmt)
    if body is None:
        scene.picture.blur()
    else:
        scene.picture.forget(words_of(body))
    return impossible("runs code, and what that did is not known")


def _plain_body(stmt: Any) -> str | None:
    """The body of a DO block that can reach nothing but what it names: no dynamic SQL, no calls, no CASCADE."""
    options = {option.defname: option.arg.sval for option in getattr(stmt, "args", None) or () if option.arg}
    body = options.get("as", "") if isinstance(stmt, ast.DoStmt) else None
    if body is None or options.get("language", "plpgsql") != "plpgsql" or words_of(body) & _REACHING:
        return None
    called = {name.lower() for name in _CALLED.findall(body)}
    return body if called <= HARMLESS | _KEYWORDS else None


def cast(_stmt: Any, scene: Scene) -> Back:
    """CREATE CAST: every expression may mean something else."""
    scene.picture.blur()
    return impossible("changes what expressions mean")


def transaction(stmt: Any, scene: Scene) -> Back:
    """SAVEPOINT and its like."""
    if stmt.kind != _TO_A_SAVEPOINT:
        return NOTHING
    scene.picture.blur()
    return impossible("takes back some of the statements before it")


def set_variable(stmt: Any, scene: Scene) -> Back:
    """SET and RESET: the inverse is run without them, so they must not change what other statements mean."""
    values = [_value(argument) for argument in stmt.args or ()]
    if stmt.name in _HARMLESS_SETTINGS or _is_usual(stmt.name, values):
        return NOTHING
    scene.picture.blur()
    scene.picture.is_odd = True
    return impossible(f"sets {stmt.name}, which may change what other statements mean")


def _is_usual(name: str, values: list[str]) -> bool:
    if name == "search_path":
        return values[:1] in ([""], [stand_in("schema")])
    return name in _AS_BY_DEFAULT and values == [_AS_BY_DEFAULT[name]]


def _value(argument: Any) -> str:
    value = argument.val if isinstance(argument, ast.A_Const) else None
    return str(value.sval).lower() if isinstance(value, ast.String) else "?"


def is_usual_path(stmt: Any) -> bool:
    """Whether SELECT set_config('search_path', ...) leaves names as they are: an empty path, or the target's own."""
    if not isinstance(stmt, ast.SelectStmt) or not stmt.targetList:
        return False
    targets: Any = stmt.targetList
    call: Any = targets[0].val
    if not isinstance(call, ast.FuncCall):
        return False
    words: Any = call.funcname
    setting, value, *_ = (*map(_value, call.args or ()), "", "")
    return words[-1].sval == "set_config" and setting == "search_path" and _is_usual(setting, [value])
