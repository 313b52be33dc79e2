"""ALTER TABLE ... COLUMN."""

from __future__ import annotations

from typing import Any

from pglast import ast, parse_sql
from pglast.enums import ConstrType

from migrator.folder.inverse import constraint
from migrator.folder.inverse.back import NOTHING, Back, impossible, takes_back
from migrator.folder.inverse.names import checked_column
from migrator.folder.inverse.scene import Scene, spoken
from migrator.folder.inverse.table import note_column, type_of
from migrator.folder.inverse.text import quoted, said_expression, words_of
from migrator.folder.inverse.thing import UNKNOWN, Fact, Thing

_INTEGERS = ("int2", "int4", "int8")
_TEXTS = ("varchar", "text")


def add(command: Any, scene: Scene, table: Thing, alter: str) -> Back:
    """ADD COLUMN: what was written to it since goes with it."""
    element = command.def_
    path = (*table.path, element.colname)
    there = scene.picture.exists(("column", *path)) if command.missing_ok else False
    if there:
        return NOTHING
    if there is None:
        column = scene.picture.known("column", path)
        return impossible(f"{spoken(column)} may have been there before; the migrations before do not tell", table)
    scene.picture.shake_columns(table, [element.colname])
    column = note_column(element, scene, table)
    stays = [each for each in constraint.of_column(element.constraints or (), column.name) if _stays(each, column)]
    for each in constraint.of_column(element.constraints or (), column.name):
        constraint.note(each, scene, table)
    if stays:
        return impossible(f"a CHECK of {spoken(column)} is about other columns and would stay without it", table)
    note = f"{spoken(column)} goes with all that was written to it since"
    return takes_back(f"{alter} DROP COLUMN {quoted(column.name)}", about=table, note=note)


def _stays(each: Any, column: Thing) -> bool:
    """Whether a constraint is not dropped with the column in whose definition it stands."""
    if each.contype != ConstrType.CONSTR_CHECK:
        return False
    named = checked_column(each.raw_expr, column.path[1])
    return named != column.name and column.name.lower() not in words_of(said_expression(each.raw_expr) or "")


def remove(command: Any, scene: Scene, table: Thing, alter: str) -> Back:
    """DROP COLUMN: its values are lost."""
    path = (*table.path, command.name)
    there = scene.picture.exists(("column", *path))
    if command.missing_ok and there is False:
        return NOTHING
    column = scene.picture.known("column", path)
    scene.picture.shake_columns(table, [column.name])
    scene.picture.forget_within(table, words_of(column.name))
    scene.picture.drop(column)
    return impossible(f"drops {spoken(column)}, whose values are lost", table)


def default(command: Any, scene: Scene, table: Thing, alter: str) -> Back:
    """SET DEFAULT and DROP DEFAULT."""
    column = scene.picture.known("column", (*table.path, command.name))
    before = column.fact("default")
    column.facts["default"] = (said_expression(command.def_) or UNKNOWN) if command.def_ else None
    if before is UNKNOWN:
        return impossible(f"the default that {spoken(column)} had before is not known", table)
    back = "DROP DEFAULT" if before is None else f"SET DEFAULT {before}"
    return takes_back(f"{alter} ALTER COLUMN {quoted(column.name)} {back}", about=table)


def set_not_null(command: Any, scene: Scene, table: Thing, alter: str) -> Back:
    """SET NOT NULL."""
    return _nullability(command, scene, table, f"{alter} ALTER COLUMN {quoted(command.name)} DROP NOT NULL", "yes")


def drop_not_null(command: Any, scene: Scene, table: Thing, alter: str) -> Back:
    """DROP NOT NULL; the way back fails, and nothing happens, when rows without a value were written since."""
    return _nullability(command, scene, table, f"{alter} ALTER COLUMN {quoted(command.name)} SET NOT NULL", None)


def _nullability(command: Any, scene: Scene, table: Thing, back: str, now: str | None) -> Back:
    column = scene.picture.known("column", (*table.path, command.name))
    before = column.fact("not null")
    column.facts["not null"] = before if before and now else now
    if before is UNKNOWN:
        return impossible(f"whether {spoken(column)} was NOT NULL before is not known", table)
    if before == "named" and now is None:
        return impossible(f"NOT NULL of {spoken(column)} had a name of its own, which only PostgreSQL 18 keeps", table)
    return NOTHING if (before is None) == (now is None) else takes_back(back, about=table)


def change_type(command: Any, scene: Scene, table: Thing, alter: str) -> Back:
    """ALTER COLUMN TYPE: back only between types that have each other's values."""
    column = scene.picture.known("column", (*table.path, command.name))
    before, now = column.fact("type"), type_of(command.def_)
    reason = _why_not(command, scene, table, column, before, now)
    scene.picture.shake_columns(table, [column.name])
    column.facts["type"] = now
    if column.facts.get("default") is not None:
        column.facts["default"] = UNKNOWN
    if reason:
        return impossible(reason, table)
    return takes_back(f"{alter} ALTER COLUMN {quoted(column.name)} TYPE {before}", about=table)


def _why_not(command: Any, scene: Scene, table: Thing, column: Thing, before: Fact, now: Fact) -> str | None:
    if command.def_.raw_default and not _is_plain_cast(command.def_.raw_default, column.name, now):
        return f"changes the values of {spoken(column)} by an expression, and what they were is lost"
    if not isinstance(before, str):
        return f"the type that {spoken(column)} had before is not known"
    if not isinstance(now, str) or not is_lossless(before, now):
        return f"changes the type of {spoken(column)} from {before} to {now}, and not every value survives both ways"
    if not table.whole or table.facts.get("parts") or table.fact("constraints") is UNKNOWN:
        return f"what is made of {spoken(column)} is not known"
    for part in scene.picture.parts(table):
        if _computes(part, column.name):
            return f"{spoken(part)} computes with {spoken(column)} and would be written otherwise than before"
    return None


def _computes(part: Thing, column: str) -> bool:
    """Whether a part of the table is or may be an expression over one of its columns."""
    if part.kind == "column":
        return part.facts.get("generated") is not None
    if part.kind == "constraint":
        plain = any(f" {word} " in part.text for word in ("PRIMARY KEY", "UNIQUE", "FOREIGN KEY"))
        return not plain and (not part.text or column.lower() in part.words)
    if part.kind == "index":
        return part.facts.get("of constraint") is None and not _is_plain_index(part)
    return part.kind in ("policy", "rule", "trigger", "statistics")


def _is_plain_index(index: Thing) -> bool:
    if not index.text:
        return False
    stmt: Any = parse_sql(index.text)[0].stmt
    return stmt.whereClause is None and all(element.expr is None for element in stmt.indexParams)


def _is_plain_cast(expression: Any, column: str, now: Fact) -> bool:
    """USING column::type, which says nothing new."""
    cast = isinstance(expression, ast.TypeCast) and isinstance(expression.arg, ast.ColumnRef)
    if not cast or len(expression.arg.fields) != 1:
        return False
    return expression.arg.fields[0].sval == column and type_of(ast.ColumnDef(typeName=expression.typeName)) == now


def is_lossless(before: str, now: str) -> bool:
    """Whether a column can become of the other type and be of the first again without a value changing.

    What was written in between and does not fit makes the way back fail; blanks at the end of a text are the one
    thing that PostgreSQL cuts to make it fit.
    """
    old, new = _parts(before), _parts(now)
    if old is None or new is None:
        return False
    (old_name, old_size), (new_name, new_size) = old, new
    if old_name in _INTEGERS and new_name in _INTEGERS:
        return True
    if old_name in _TEXTS and new_name in _TEXTS:
        return not new_size or bool(old_size and old_size[0] <= new_size[0])
    if old_name == new_name == "numeric" and old_size and new_size:
        return old_size[1:] == new_size[1:] and old_size[0] <= new_size[0]
    return before == now


def _parts(type_: str) -> tuple[str, list[int]] | None:
    """The name of a plain type and its numbers; None for arrays and types with a collation."""
    stmt: Any = parse_sql(f"SELECT NULL::{type_}" if " COLLATE " not in type_ else "SELECT 1")[0].stmt
    name: Any = getattr(stmt.targetList[0].val, "typeName", None)
    if name is None or name.arrayBounds:
        return None
    sizes = (getattr(size.val, "ival", None) for size in name.typmods or ())
    return str(name.names[-1].sval), [size for size in sizes if size is not None]
