"""Statements that change rows: what the rows were is not known, unless they go with what was made for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pglast import ast
from pglast.enums import ObjectType

from migrator.folder.inverse.back import NOTHING, Back, impossible
from migrator.folder.inverse.calls import unknown_calls
from migrator.folder.inverse.create import create_table_as
from migrator.folder.inverse.scene import Scene
from migrator.folder.inverse.thing import UNKNOWN, Thing
from migrator.folder.inverse.walk import nodes_in

_CHANGES = (ast.InsertStmt, ast.UpdateStmt, ast.DeleteStmt, ast.MergeStmt)


def change_rows(stmt: Any, scene: Scene) -> Back:
    """INSERT, UPDATE, DELETE, MERGE and SELECT."""
    if called := unknown_calls(stmt, scene):
        scene.picture.blur()
        return impossible(f"calls {called}(), and what that does is not known")
    if isinstance(stmt, ast.SelectStmt) and stmt.intoClause:
        made = ast.CreateTableAsStmt(
            query=stmt, into=stmt.intoClause, objtype=ObjectType.OBJECT_TABLE, if_not_exists=False
        )
        return create_table_as(made, scene)
    return _all(scene, [_reason(scene, node) for node in _changes(stmt)])


def _changes(stmt: Any) -> Iterator[Any]:
    return (node for node in nodes_in(stmt) if isinstance(node, _CHANGES))


def _all(scene: Scene, reasons: list[str | None]) -> Back:
    found = tuple(dict.fromkeys(reason for reason in reasons if reason))
    return Back((), found) if found else NOTHING


def copy(stmt: Any, scene: Scene) -> Back:
    """COPY FROM changes rows, COPY TO does not."""
    if not stmt.is_from:
        return NOTHING
    return _all(scene, [_reason(scene, stmt)])


def truncate(stmt: Any, scene: Scene) -> Back:
    """TRUNCATE."""
    tables = [scene.picture.get(("relation", *scene.place(relation))) for relation in stmt.relations]
    if all(map(_is_ours_alone(scene), tables)):
        return NOTHING
    names = ", ".join(relation.relname for relation in stmt.relations)
    return impossible(f"truncates {names}, whose rows are lost")


def _reason(scene: Scene, node: Any) -> str | None:
    """Why a change of rows cannot be taken back; None when nothing of it is left when the statements before are."""
    table = scene.picture.get(("relation", *scene.place(node.relation)))
    if _is_ours_alone(scene)(table) and not _reaches_others(scene, node, table):
        return None
    if table is not None and _fills_new_columns(scene, node, table):
        return None
    if table is not None and any(scene.picture.among(table, "trigger", "rule")):
        return f"changes rows of {node.relation.relname}, which sets off triggers or rules"
    verb = {ast.InsertStmt: "adds", ast.CopyStmt: "adds", ast.DeleteStmt: "deletes"}.get(type(node), "changes")
    to = "to" if verb == "adds" else "of"
    known = "which ones must go" if verb == "adds" else "what they were"
    return f"{verb} rows {to} {node.relation.relname}, and {known} is not known"


def _is_ours_alone(scene: Scene) -> Any:
    """Whether a table was made by this migration and its rows are in no other and set nothing off."""

    def is_ours(table: Thing | None) -> bool:
        if table is None or table.kind not in ("table", "temporary") or not scene.picture.is_born(table):
            return False
        return not any(scene.picture.among(table, "trigger", "rule"))

    return is_ours


def _reaches_others(scene: Scene, node: Any, table: Thing | None) -> bool:
    """Whether a row that goes may take rows of other tables with it."""
    if isinstance(node, (ast.InsertStmt, ast.CopyStmt)) or table is None:
        return False
    return any(_may_refer(thing, table) for thing in scene.picture.things.values())


def _may_refer(thing: Thing, table: Thing) -> bool:
    """Whether a constraint of another table may be a foreign key to this one."""
    if thing.kind == "table":
        return thing.facts.get("constraints") is UNKNOWN
    if thing.kind != "constraint" or thing.path[:2] == table.path:
        return False
    return not thing.text or not table.was_called.isdisjoint(thing.words)


def _fills_new_columns(scene: Scene, node: Any, table: Thing) -> bool:
    """Whether it is an UPDATE of nothing but columns that this migration added."""
    if not isinstance(node, ast.UpdateStmt) or table.kind != "table" or not table.whole or table.facts.get("parts"):
        return False
    if any(scene.picture.among(table, "trigger", "rule")):
        return False
    targets: Any = node.targetList
    names = [target.name for target in targets]
    columns = [scene.picture.get(("column", *table.path, name)) for name in names]
    return all(map(scene.picture.is_born, columns)) and not _reaches_others(scene, node, table)
