"""Constraints of tables: their names, what makes them again, and ALTER TABLE ... CONSTRAINT."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pglast import ast
from pglast.enums import AlterTableType, ConstrType, ObjectType
from pglast.stream import RawStream

from migrator.folder.inverse.back import NOTHING, Back, impossible, takes_back
from migrator.folder.inverse.names import (
    checked_column,
    constraint_taken,
    either,
    free_name,
    index_columns,
    joined,
    relation_taken,
)
from migrator.folder.inverse.recreate import comment_on, is_replica_identity, recreate
from migrator.folder.inverse.scene import Scene, spoken, why_shared
from migrator.folder.inverse.text import parsed, quoted
from migrator.folder.inverse.thing import UNKNOWN, Thing

_LABELS = {
    ConstrType.CONSTR_PRIMARY: "pkey",
    ConstrType.CONSTR_UNIQUE: "key",
    ConstrType.CONSTR_EXCLUSION: "excl",
    ConstrType.CONSTR_CHECK: "check",
    ConstrType.CONSTR_FOREIGN: "fkey",
}
_WITH_INDEX = (ConstrType.CONSTR_PRIMARY, ConstrType.CONSTR_UNIQUE, ConstrType.CONSTR_EXCLUSION)
_ATTRIBUTES = {
    ConstrType.CONSTR_ATTR_DEFERRABLE: {"deferrable": True},
    ConstrType.CONSTR_ATTR_NOT_DEFERRABLE: {},
    ConstrType.CONSTR_ATTR_DEFERRED: {"deferrable": True, "initdeferred": True},
    ConstrType.CONSTR_ATTR_IMMEDIATE: {},
}


def of_column(constraints: Sequence[Any], column: str) -> list[Any]:
    """What a column's definition says about constraints, as the table would say it: no defaults, no NOT NULL."""
    found: list[Any] = []
    for each in constraints:
        if each.contype in _LABELS:
            found.append(_of_table(each, column))
        elif each.contype in _ATTRIBUTES and found:
            for member, value in _ATTRIBUTES[each.contype].items():
                setattr(found[-1], member, value)
    return found


def _of_table(constraint: Any, column: str) -> Any:
    made: Any = ast.Constraint(**{member: getattr(constraint, member) for member in constraint})
    words = (ast.String(sval=column),)
    if made.contype == ConstrType.CONSTR_FOREIGN:
        made.fk_attrs = words
    elif made.contype in _WITH_INDEX:
        made.keys = words
    return made


def name_of(constraint: Any, scene: Scene, table: Thing) -> str | None:
    """The name of a constraint, the one that PostgreSQL gives it if it has none; None when that is not certain."""
    if constraint.conname:
        return str(constraint.conname)
    columns = _columns(constraint, table)
    if columns is None or not table.whole or table.fact("constraints") is UNKNOWN:
        return None
    schema = table.path[0]
    taken = constraint_taken(scene.picture, schema)
    if constraint.contype in _WITH_INDEX:
        taken = either(taken, relation_taken(scene.picture, schema))
    return free_name(table.name, columns, _LABELS[constraint.contype], taken)


def _columns(constraint: Any, table: Thing) -> str | None:
    match constraint.contype:
        case ConstrType.CONSTR_PRIMARY:
            return ""
        case ConstrType.CONSTR_CHECK:
            return checked_column(constraint.raw_expr, table.name)
        case ConstrType.CONSTR_FOREIGN:
            return joined(word.sval for word in constraint.fk_attrs)
        case ConstrType.CONSTR_UNIQUE:
            return joined(word.sval for word in (*constraint.keys, *(constraint.including or ())))
    elements = [element for element, _operator in constraint.exclusions]
    named = index_columns(elements)
    return None if named is None else joined((*named, *(word.sval for word in constraint.including or ())))


def note(constraint: Any, scene: Scene, table: Thing) -> Thing | None:
    """Put a constraint into the picture; None when its name is not certain."""
    name = name_of(constraint, scene, table)
    if name is None:
        table.facts["constraints"] = UNKNOWN
        return None
    thing = Thing("constraint", (*table.path, name), _clause(constraint, name))
    thing.facts["valid"] = "no" if constraint.skip_validation else None
    thing.facts["index"] = "yes" if constraint.contype in _WITH_INDEX else None
    scene.picture.add(thing)
    if thing.facts["index"]:
        index = scene.picture.add(Thing("index", (table.path[0], name)))
        index.on = table
        index.facts["of constraint"] = "yes"
    return thing


def _clause(constraint: Any, name: str) -> str:
    """CONSTRAINT name ..., without NOT VALID, which is a fact of its own; empty when it cannot be put into words."""
    made: Any = ast.Constraint(**{member: getattr(constraint, member) for member in constraint})
    made.conname, made.skip_validation = name, False
    made.initially_valid = constraint.initially_valid or constraint.skip_validation
    command = ast.AlterTableCmd(subtype=AlterTableType.AT_AddConstraint, def_=made)
    relation = ast.RangeVar(relname="t", inh=True, relpersistence="p")
    text = str(RawStream()(ast.AlterTableStmt(relation=relation, cmds=(command,), objtype=ObjectType.OBJECT_TABLE)))
    again = parsed(text)
    certain = again is not None and again.cmds[0].def_ == made and not constraint.indexname
    return text.removeprefix("ALTER TABLE t ADD ") if certain else ""


def add(command: Any, scene: Scene, table: Thing, alter: str) -> Back:
    """ADD CONSTRAINT."""
    constraint = command.def_
    if constraint.contype not in _LABELS:
        return _not_null(constraint, scene, table, alter)
    index = scene.picture.get(("relation", table.path[0], constraint.indexname)) if constraint.indexname else None
    thing = note(constraint, scene, table)
    checked = constraint.contype == ConstrType.CONSTR_CHECK or constraint.indexname
    reason = None if checked else why_shared(scene, table)
    nullable = _nullable(constraint, scene, table) if constraint.contype == ConstrType.CONSTR_PRIMARY else ()
    if thing is None:
        return impossible("the constraint has no name, and the one that PostgreSQL gave it is not certain", table)
    if reason:
        return impossible(reason, table)
    if nullable is None:
        return impossible(f"which columns of {spoken(table)} were NOT NULL before is not known", table)
    back = takes_back(f"{alter} DROP CONSTRAINT {quoted(thing.name)}", about=table)
    if constraint.indexname:
        again = _index_again(scene, thing, index, constraint.indexname)
        back = back if index is not None and scene.cancel(index) else again.then(back)
    loose = [f"{alter} ALTER COLUMN {quoted(name)} DROP NOT NULL" for name in nullable]
    return takes_back(*loose, about=table).then(back)


def _index_again(scene: Scene, constraint: Thing, index: Thing | None, name: str) -> Back:
    """An index that became a constraint's has its name and goes with it."""
    if index is None:
        return impossible(f"what index {name} was is not known from the migrations before")
    back = recreate(scene.picture, index)
    text = index.text
    scene.picture.things.pop(index.key, None)
    scene.picture.things[("relation", index.path[0], constraint.name)] = Thing(
        "index", (index.path[0], constraint.name), on=index.on, facts={"of constraint": "yes"}
    )
    return back if text else impossible(f"what index {name} was is not known from the migrations before")


def _nullable(constraint: Any, scene: Scene, table: Thing) -> tuple[str, ...] | None:
    """The columns that only a primary key makes NOT NULL; None when that is not known."""
    if constraint.indexname:
        return None
    found = []
    for word in constraint.keys:
        column = scene.picture.known("column", (*table.path, word.sval))
        if (fact := column.fact("not null")) is UNKNOWN:
            column.facts["not null"] = "yes"
            return None
        if fact is None:
            found.append(word.sval)
        column.facts["not null"] = "yes"
    return tuple(found)


def _not_null(constraint: Any, scene: Scene, table: Thing, alter: str) -> Back:
    if constraint.contype != ConstrType.CONSTR_NOTNULL:
        return impossible("is not one of the constraints that can be taken back for certain", table)
    column = scene.picture.known("column", (*table.path, constraint.keys[0].sval))
    before = column.fact("not null")
    column.facts["not null"] = "named" if constraint.conname else "yes"
    if before is not None:
        return impossible(f"whether {spoken(column)} was NOT NULL before is not known", table)
    return takes_back(f"{alter} ALTER COLUMN {quoted(column.name)} DROP NOT NULL", about=table)


def remove(command: Any, scene: Scene, table: Thing, alter: str) -> Back:
    """DROP CONSTRAINT."""
    key = ("constraint", *table.path, command.name)
    there, thing = scene.picture.exists(key), scene.picture.get(key)
    if command.missing_ok and there is False:
        return NOTHING
    if thing is None:
        scene.picture.gone.add(key)
        said_ = "may not have been there before" if command.missing_ok else "is not known from the migrations before"
        return impossible(f"constraint {command.name} {said_}", table)
    back = _again(scene, table, thing, alter)
    index = scene.picture.get(("relation", table.path[0], thing.name)) if thing.fact("index") else None
    for each in (thing, *([index] if index else [])):
        scene.picture.drop(each)
    return back


def _again(scene: Scene, table: Thing, thing: Thing, alter: str) -> Back:
    if table.facts.get("parts"):
        return impossible(f"{spoken(table)} has partitions or children, whose constraints go with it", table)
    if thing.fact("valid") is UNKNOWN:
        return impossible(f"whether {spoken(thing)} was validated is not known", table)
    validity = " NOT VALID" if thing.fact("valid") == "no" else ""
    made = recreate(scene.picture, thing)
    if thing.fact("index"):
        made = _own_index(scene, table, thing).then(made)
    anew = (f"{alter} ADD {thing.text}{validity}", *made.sql[1:])
    return Back(() if made.reasons else anew, made.reasons, about=table)


def _own_index(scene: Scene, table: Thing, thing: Thing) -> Back:
    """What was said and set on the index of a constraint, which is made anew with it."""
    index = scene.picture.get(("relation", table.path[0], thing.name))
    if index is None or index.fact("comment") is UNKNOWN or any(name.startswith("option") for name in index.facts):
        return impossible(f"what was set for the index of {spoken(thing)} is not known", table)
    if is_replica_identity(index):
        return impossible(f"the index of {spoken(thing)} is the replica identity of its table", table)
    comment = index.fact("comment")
    return takes_back(comment_on(index, comment)) if isinstance(comment, str) else Back()


def validate(command: Any, scene: Scene, table: Thing, alter: str) -> Back:
    """VALIDATE CONSTRAINT: only making it anew brings NOT VALID back."""
    thing = scene.picture.known("constraint", (*table.path, command.name))
    valid = thing.fact("valid")
    again = _again(scene, table, thing, alter) if valid == "no" else NOTHING
    thing.facts["valid"] = None
    if valid is UNKNOWN:
        return impossible(f"whether {spoken(thing)} was validated before is not known", table)
    if valid is None or again.reasons:
        return again
    return takes_back(f"{alter} DROP CONSTRAINT {quoted(thing.name)}", *again.sql, about=table)
