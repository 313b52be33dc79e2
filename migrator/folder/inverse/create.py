"""CREATE of everything but tables: taken back by DROP, or by what stood there before."""

from __future__ import annotations

from typing import Any

from pglast import ast
from pglast.enums import FunctionParameterMode, ObjectType
from pglast.stream import RawStream

from migrator.folder.inverse.back import NOTHING, Back, impossible, takes_back
from migrator.folder.inverse.calls import unknown_calls
from migrator.folder.inverse.make import is_temporary, make, temporary
from migrator.folder.inverse.names import free_name, index_columns, joined, relation_taken
from migrator.folder.inverse.recreate import recreate
from migrator.folder.inverse.scene import KINDS, Scene, arguments, drop, spoken, why_shared
from migrator.folder.inverse.text import body_of, said
from migrator.folder.inverse.thing import UNKNOWN, Thing
from migrator.folder.inverse.walk import spreads
from migrator.model.slot import stand_in


def create_view(stmt: Any, scene: Scene) -> Back:
    """CREATE [OR REPLACE] VIEW."""
    if is_temporary(stmt.view):
        return temporary(scene, stmt.view)
    thing = _thing(scene, "view", scene.place(stmt.view), stmt)
    thing.facts["columns"] = UNKNOWN if spreads(stmt) else _width(stmt.query)
    return make(scene, thing, restore=_old_view if stmt.replace else None)


def _width(query: Any) -> str:
    while query.larg:
        query = query.larg
    return str(len(query.targetList or query.valuesLists[0]))


def _old_view(scene: Scene, old: Thing, new: Thing) -> Back:
    """A view cannot lose columns by CREATE OR REPLACE; what has as many as before has the same ones."""
    columns = old.facts.get("columns")
    if isinstance(columns, str) and columns == new.facts["columns"]:
        return recreate(scene.picture, old, replace=True)
    users = [thing for thing in scene.picture.things.values() if thing is not old and old.was_called & thing.words]
    if users or not scene.picture.whole:
        return impossible(f"{spoken(old)} got other columns and may be used elsewhere, so it cannot be dropped")
    return recreate(scene.picture, old).then(takes_back(drop(old), about=old))


def create_table_as(stmt: Any, scene: Scene) -> Back:
    """CREATE TABLE AS, CREATE MATERIALIZED VIEW."""
    if called := unknown_calls(stmt.query, scene):
        scene.picture.blur()
        return impossible(f"calls {called}(), and what that does is not known")
    if is_temporary(stmt.into.rel):
        return temporary(scene, stmt.into.rel)
    kind = KINDS[stmt.objtype]
    thing = _thing(scene, kind, scene.place(stmt.into.rel), stmt)
    thing.whole, thing.facts["parts"] = kind != "table", None
    return make(scene, thing, lenient=stmt.if_not_exists)


def create_index(stmt: Any, scene: Scene) -> Back:
    """CREATE INDEX, with the name that PostgreSQL gives it if it has none."""
    table = scene.relation("table", stmt.relation)
    name = stmt.idxname or _index_name(stmt, scene, table)
    if name is None:
        return impossible("the index has no name, and the one that PostgreSQL gave it depends on what else is there")
    thing = _thing(scene, "index", (table.path[0], name), stmt)
    thing.on = table
    if not stmt.idxname:
        node = ast.IndexStmt(**{member: getattr(stmt, member) for member in stmt})
        node.idxname = name
        thing.rewrite(said(node) or "")
    back = make(scene, thing, lenient=stmt.if_not_exists)
    if back.sql and not stmt.concurrent and (reason := why_shared(scene, table)):
        return impossible(reason, table)
    if back.sql and stmt.concurrent and not scene.picture.is_born(table):
        return takes_back(drop(thing, concurrently=True), about=thing)
    return back


def _index_name(stmt: Any, scene: Scene, table: Thing) -> str | None:
    columns = index_columns((*stmt.indexParams, *(stmt.indexIncludingParams or ())))
    if columns is None or not table.whole:
        return None
    return free_name(table.name, joined(columns), "idx", relation_taken(scene.picture, table.path[0]))


def create_sequence(stmt: Any, scene: Scene) -> Back:
    """CREATE SEQUENCE."""
    if is_temporary(stmt.sequence):
        return temporary(scene, stmt.sequence)
    thing = _thing(scene, "sequence", scene.place(stmt.sequence), stmt)
    owned = any(option.defname == "owned_by" for option in stmt.options or ())
    thing.facts["owned by"] = UNKNOWN if owned else None
    return make(scene, thing, lenient=stmt.if_not_exists)


def create_routine(stmt: Any, scene: Scene) -> Back:
    """CREATE [OR REPLACE] FUNCTION and PROCEDURE."""
    parameters = stmt.parameters or ()
    if any(each.argType.pct_type for each in parameters):
        scene.picture.forget(frozenset((stmt.funcname[-1].sval.lower(),)))
        return impossible("its signature takes the type of a column, and which one that was is not known")
    signature = arguments(parameters)
    outs = [each for each in parameters if each.mode == FunctionParameterMode.FUNC_PARAM_OUT]
    if stmt.is_procedure and outs:
        scene.picture.forget(frozenset((stmt.funcname[-1].sval.lower(),)))
        return impossible("PostgreSQL's versions do not agree on the signature of a procedure with OUT parameters")
    path = (*scene.place_words(stmt.funcname), signature)
    thing = _thing(scene, "procedure" if stmt.is_procedure else "function", path, stmt)
    thing.facts["head"] = _head(stmt)
    thing.rewrite(scene.text, body_of(scene.text))
    return make(scene, thing, restore=_old_routine if stmt.replace else None)


def _head(stmt: Any) -> str:
    parts = [*(stmt.parameters or ()), stmt.returnType]
    return ", ".join(str(RawStream()(part)) for part in parts if part)


def _old_routine(scene: Scene, old: Thing, new: Thing) -> Back:
    """CREATE OR REPLACE takes no name or default from a parameter."""
    back = recreate(scene.picture, old, replace=True)
    if old.text and old.facts.get("head") != new.facts.get("head"):
        return impossible(f"the parameters of {spoken(old)} changed, and it may be used elsewhere")
    return back


def define(stmt: Any, scene: Scene) -> Back:
    """CREATE AGGREGATE and CREATE TYPE of the base and shell kinds; others are not looked into."""
    if stmt.kind == ObjectType.OBJECT_TYPE:
        return make(scene, _thing(scene, "type", scene.place_words(stmt.defnames), stmt))
    if stmt.kind != ObjectType.OBJECT_AGGREGATE or stmt.oldstyle or stmt.args[1].ival != -1:
        scene.picture.blur()
        return impossible("is not one of the statements that can be taken back for certain")
    path = (*scene.place_words(stmt.defnames), arguments(stmt.args[0] or ()))
    thing = _thing(scene, "aggregate", path, stmt)
    return make(scene, thing, restore=_old_routine if stmt.replace else None)


def create_type(stmt: Any, scene: Scene) -> Back:
    """CREATE TYPE: an enum, a range or a composite."""
    composite = isinstance(stmt, ast.CompositeTypeStmt)
    path = scene.place(stmt.typevar) if composite else scene.place_words(stmt.typeName)
    return make(scene, _thing(scene, "type", path, stmt))


def create_domain(stmt: Any, scene: Scene) -> Back:
    """CREATE DOMAIN."""
    return make(scene, _thing(scene, "domain", scene.place_words(stmt.domainname), stmt))


def create_trigger(stmt: Any, scene: Scene) -> Back:
    """CREATE [OR REPLACE] TRIGGER."""
    thing = _thing(scene, "trigger", (*_owner(scene, stmt.relation), stmt.trigname), stmt)
    return make(scene, thing, restore=_old_trigger if stmt.replace else None)


def _old_trigger(scene: Scene, old: Thing, _new: Thing) -> Back:
    return recreate(scene.picture, old, replace=True)


def create_policy(stmt: Any, scene: Scene) -> Back:
    """CREATE POLICY."""
    return make(scene, _thing(scene, "policy", (*_owner(scene, stmt.table), stmt.policy_name), stmt))


def create_rule(stmt: Any, scene: Scene) -> Back:
    """CREATE [OR REPLACE] RULE."""
    thing = _thing(scene, "rule", (*_owner(scene, stmt.relation), stmt.rulename), stmt)
    return make(scene, thing, restore=_old_trigger if stmt.replace else None)


def _owner(scene: Scene, relation: Any) -> tuple[str, ...]:
    return scene.relation("table", relation).path


def create_statistics(stmt: Any, scene: Scene) -> Back:
    """CREATE STATISTICS, which must have a name."""
    if not stmt.defnames:
        return impossible("the statistics have no name, and the one that PostgreSQL gave them is not known")
    thing = _thing(scene, "statistics", scene.place_words(stmt.defnames), stmt)
    thing.on = scene.relation("table", stmt.relations[0])
    return make(scene, thing, lenient=stmt.if_not_exists)


def create_schema(stmt: Any, scene: Scene) -> Back:
    """CREATE SCHEMA; the target's own is there already."""
    if stmt.schemaname == stand_in("schema"):
        return NOTHING
    if stmt.schemaElts or not stmt.schemaname:
        scene.picture.blur()
        return impossible("makes things within CREATE SCHEMA")
    return make(scene, _thing(scene, "schema", ("", stmt.schemaname), stmt), lenient=stmt.if_not_exists)


def create_extension(stmt: Any, _scene: Scene) -> Back:
    """CREATE EXTENSION: it belongs to the database and stays."""
    return Back(notes=(f"extension {stmt.extname} stays: it belongs to the database",), goes=True)


def _thing(scene: Scene, kind: str, path: tuple[str, ...], stmt: ast.Node) -> Thing:
    return Thing(kind, path, scene.text, spread=spreads(stmt))
