"""CREATE TABLE, and what a table's columns are."""

from __future__ import annotations

from typing import Any

from pglast import ast
from pglast.enums import ConstrType

from migrator.folder.inverse import constraint
from migrator.folder.inverse.back import Back
from migrator.folder.inverse.make import is_temporary, make, temporary
from migrator.folder.inverse.names import free_name, relation_taken
from migrator.folder.inverse.scene import Scene
from migrator.folder.inverse.setting import option_value
from migrator.folder.inverse.text import dotted, said_expression, said_type
from migrator.folder.inverse.thing import UNKNOWN, Fact, Thing

_SERIAL = {
    **dict.fromkeys(("smallserial", "serial2"), "smallint"),
    **dict.fromkeys(("serial", "serial4"), "integer"),
    **dict.fromkeys(("bigserial", "serial8"), "bigint"),
}


def create_table(stmt: Any, scene: Scene) -> Back:
    """CREATE TABLE: what was written to it goes with it."""
    if is_temporary(stmt.relation):
        return temporary(scene, stmt.relation)
    elements = stmt.tableElts or ()
    likened = any(isinstance(element, ast.TableLikeClause) for element in elements)
    thing = Thing("table", scene.place(stmt.relation))
    thing.whole = not (likened or stmt.inhRelations or stmt.ofTypename)
    thing.facts["parts"] = None
    thing.facts["logged"] = "no" if stmt.relation.relpersistence == "u" else None
    for option in stmt.options or ():
        name = f"{option.defnamespace}.{option.defname}" if option.defnamespace else option.defname
        thing.facts[f"option {name}"] = option_value(option.arg)
    back = make(scene, thing, lenient=stmt.if_not_exists)
    if scene.picture.get(thing.key) is thing:
        _fill(scene, thing, elements)
        _note_parents(scene, stmt)
    return back


def _note_parents(scene: Scene, stmt: Any) -> None:
    for parent in stmt.inhRelations or ():
        scene.relation("table", parent).facts["parts"] = "yes"


def _fill(scene: Scene, table: Thing, elements: Any) -> None:
    """First columns, then what is said about them: PostgreSQL names indexes before it looks at the rest."""
    constraints: list[Any] = []
    for element in elements:
        if isinstance(element, ast.ColumnDef):
            column = note_column(element, scene, table)
            constraints += constraint.of_column(element.constraints or (), column.name)
    constraints += [element for element in elements if isinstance(element, ast.Constraint)]
    for each in sorted(constraints, key=_pass):
        if each.contype == ConstrType.CONSTR_NOTNULL:
            _tell(scene, table, each.keys, "named" if each.conname else "yes")
        else:
            constraint.note(each, scene, table)
        if each.contype == ConstrType.CONSTR_PRIMARY:
            _tell(scene, table, each.keys, "yes")


def _tell(scene: Scene, table: Thing, columns: Any, value: str) -> None:
    for word in columns or ():
        facts = scene.picture.known("column", (*table.path, word.sval)).facts
        facts["not null"] = facts.get("not null") or value


def _pass(each: Any) -> int:
    first = {ConstrType.CONSTR_PRIMARY: 0, ConstrType.CONSTR_UNIQUE: 1, ConstrType.CONSTR_EXCLUSION: 1}
    return first.get(each.contype, 2)


def note_column(element: Any, scene: Scene, table: Thing) -> Thing:
    """Put a column with all that its definition says into the picture, constraints left out."""
    column = Thing("column", (*table.path, element.colname))
    scene.picture.add(column)
    column.facts["type"] = type_of(element)
    for each in element.constraints or ():
        for name, value in _facts_of(each).items():
            column.facts[name] = value
    for name, said in (("storage", element.storage_name), ("compression", element.compression)):
        column.facts[name] = UNKNOWN if said else None
    _note_sequence(element, scene, table, column)
    return column


def type_of(element: Any) -> Fact:
    """A column's type with its collation, UNKNOWN when it cannot be put into words."""
    text = said_type(element.typeName)
    if text is None or element.typeName.pct_type:
        return UNKNOWN
    collation = element.collClause
    return f"{text} COLLATE {dotted(word.sval for word in collation.collname)}" if collation else text


def _facts_of(each: Any) -> dict[str, Fact]:
    match each.contype:
        case ConstrType.CONSTR_NOTNULL:
            return {"not null": "named" if each.conname else "yes"}
        case ConstrType.CONSTR_DEFAULT:
            return {"default": said_expression(each.raw_expr) or UNKNOWN}
        case ConstrType.CONSTR_GENERATED:
            return {"generated": said_expression(each.raw_expr) or UNKNOWN}
        case ConstrType.CONSTR_IDENTITY:
            return {"identity": "yes", "not null": "yes"}
    return {}


def _note_sequence(element: Any, scene: Scene, table: Thing, column: Thing) -> None:
    """SERIAL and IDENTITY make a sequence, whose name nobody gives."""
    kind = element.typeName.names[-1].sval
    if kind not in _SERIAL and not column.facts.get("identity"):
        return
    schema = table.path[0]
    name = free_name(table.name, column.name, "seq", relation_taken(scene.picture, schema))
    if name is not None:
        sequence = scene.picture.add(Thing("sequence", (schema, name)))
        sequence.on = table
        sequence.facts["owned by"] = UNKNOWN
    if kind in _SERIAL:
        text = f"nextval('{dotted((schema, name))}'::regclass)" if name and "'" not in name else UNKNOWN
        column.facts.update({"type": _SERIAL[kind], "default": text, "not null": "yes"})
