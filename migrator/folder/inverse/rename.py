"""ALTER ... RENAME: the one change whose way back is in the statement itself."""

from __future__ import annotations

from typing import Any

from pglast import ast
from pglast.enums import ObjectType

from migrator.folder.inverse.back import NOTHING, Back, impossible, takes_back
from migrator.folder.inverse.scene import KINDS, Scene
from migrator.folder.inverse.text import quoted, said
from migrator.folder.inverse.thing import Thing, key_of
from migrator.folder.inverse.walk import names_in

_RELATIONS = ("table", "foreign table", "view", "materialized view", "sequence", "index")
_OF_A_RELATION = ("column", "constraint", "trigger", "policy", "rule")
_OTHERS = (ObjectType.OBJECT_DOMCONSTRAINT, ObjectType.OBJECT_ATTRIBUTE, ObjectType.OBJECT_ROUTINE)


def rename(stmt: Any, scene: Scene) -> Back:
    """ALTER ... RENAME TO."""
    kind = KINDS.get(stmt.renameType)
    if kind is None or kind == "schema":
        scene.picture.forget(names_in(stmt))
        back = _back(stmt) if stmt.renameType in _OTHERS else None
        return takes_back(back) if back else _impossible()
    path = _path(stmt, scene, kind)
    there = scene.picture.exists(key_of(kind, path)) if path else None
    if stmt.missing_ok and not there:
        scene.picture.forget(frozenset() if there is False else names_in(stmt))
        return NOTHING if there is False else impossible("may have done nothing: what it renames may not be there")
    back = _back(stmt)
    thing = scene.picture.known(kind, path) if path else None
    if thing is None:
        scene.picture.forget(names_in(stmt))
    else:
        _note(scene, thing, stmt.newname)
    return takes_back(back, about=_whole(scene, thing)) if back else _impossible()


def _path(stmt: Any, scene: Scene, kind: str) -> tuple[str, ...] | None:
    if kind in _RELATIONS:
        return scene.place(stmt.relation)
    if kind in _OF_A_RELATION:
        return (*scene.place(stmt.relation), stmt.subname)
    return scene.path_of(kind, stmt.object)


def _note(scene: Scene, thing: Thing, name: str) -> None:
    before = thing.name
    if thing.kind == "column" and (table := scene.picture.get(("relation", *thing.path[:2]))):
        scene.picture.shake_columns(table, [before, name])
        table.rewrite("")
    twin = _twin(scene, thing, before)
    for each in (thing, twin) if twin else (thing,):
        start = f"CONSTRAINT {quoted(before)} "
        known = each.kind == "constraint" and each.text.startswith(start)
        each.rewrite(f"CONSTRAINT {quoted(name)} {each.text.removeprefix(start)}" if known else "")
        scene.picture.rename(each, name)


def _twin(scene: Scene, thing: Thing, before: str) -> Thing | None:
    """A constraint and its index have one name, and it changes for both."""
    if thing.kind == "constraint":
        index = scene.picture.get(("relation", thing.path[0], before))
        return index if index is not None and index.facts.get("of constraint") else None
    if thing.kind == "index" and thing.facts.get("of constraint") and thing.on is not None:
        return scene.picture.get(("constraint", *thing.on.path, before))
    return None


def _whole(scene: Scene, thing: Thing | None) -> Thing | None:
    """The relation whose part was renamed, or the thing itself."""
    if thing is None or thing.kind not in _OF_A_RELATION:
        return thing
    return scene.picture.get(("relation", *thing.path[:2]))


def _back(stmt: Any) -> str | None:
    """The same statement with both names in each other's place."""
    turned: Any = ast.RenameStmt(**{member: getattr(stmt, member) for member in stmt})
    turned.missing_ok = False
    if stmt.subname is not None:
        turned.subname, turned.newname = stmt.newname, stmt.subname
    elif stmt.relation is not None:
        turned.relation = ast.RangeVar(**{member: getattr(stmt.relation, member) for member in stmt.relation})
        turned.relation.relname, turned.newname = stmt.newname, stmt.relation.relname
    else:
        return _back_by_words(stmt, turned)
    return said(turned)


def _back_by_words(stmt: Any, turned: Any) -> str | None:
    new = ast.String(sval=stmt.newname)
    named = stmt.object
    if isinstance(named, ast.ObjectWithArgs):
        words: Any = named.objname
        turned.newname = words[-1].sval
        turned.object = ast.ObjectWithArgs(**{member: getattr(named, member) for member in named})
        turned.object.objname = (*words[:-1], new)
        return said(turned)
    if not isinstance(named, tuple):
        return None
    turned.newname, turned.object = named[-1].sval, (*named[:-1], new)
    return said(turned)


def _impossible() -> Back:
    return impossible("is not one of the statements that can be taken back for certain")


def alter_enum(stmt: Any, scene: Scene) -> Back:
    """ALTER TYPE ... RENAME VALUE goes back; ADD VALUE does not."""
    type_ = scene.picture.known("type", scene.place_words(stmt.typeName))
    type_.alters.append(scene.text)
    if not stmt.oldVal:
        if stmt.skipIfNewValExists:
            type_.rewrite("")
        return impossible("adds a value to an enum, which PostgreSQL cannot remove", type_)
    scene.picture.shake_name(f"{stmt.oldVal} {stmt.newVal}")
    turned: Any = ast.AlterEnumStmt(**{member: getattr(stmt, member) for member in stmt})
    turned.oldVal, turned.newVal = stmt.newVal, stmt.oldVal
    back = said(turned)
    return takes_back(back, about=type_) if back else _impossible()
