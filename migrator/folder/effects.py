"""What a statement does to a running database: which schemas it names, what it destroys and locks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pglast import ast
from pglast.enums import AlterTableType, DropBehavior, ObjectType

from migrator.folder.locks import locks_of
from migrator.folder.whole_tables import whole_tables
from migrator.model.effects import Effects

_SYSTEM = frozenset(("pg_catalog", "information_schema", "pg_temp"))
_READING = (ast.FuncCall, ast.TypeName, ast.CollateClause)
_WRITES = (
    *(ast.InsertStmt, ast.UpdateStmt, ast.DeleteStmt, ast.MergeStmt, ast.CopyStmt),
    *(ast.SelectStmt, ast.DoStmt, ast.CallStmt, ast.ExecuteStmt, ast.ExplainStmt),
)
_NAMES = {
    ast.TypeName: "names",
    ast.FuncCall: "funcname",
    ast.CollateClause: "collname",
    ast.ObjectWithArgs: "objname",
    ast.CreateFunctionStmt: "funcname",
    ast.DefineStmt: "defnames",
    ast.CreateEnumStmt: "typeName",
    ast.AlterEnumStmt: "typeName",
    ast.AlterTypeStmt: "typeName",
    ast.CreateRangeStmt: "typeName",
    ast.CreateDomainStmt: "domainname",
    ast.AlterDomainStmt: "typeName",
    ast.CreateStatsStmt: "defnames",
}
"""Where a node keeps the words of a name that may begin with a schema."""
_SCHEMA_ITSELF = {
    ast.CreateSchemaStmt: "schemaname",
    ast.AlterObjectSchemaStmt: "newschema",
}
_OF_A_TABLE = frozenset(
    (
        ObjectType.OBJECT_COLUMN,
        ObjectType.OBJECT_TRIGGER,
        ObjectType.OBJECT_POLICY,
        ObjectType.OBJECT_RULE,
        ObjectType.OBJECT_TABCONSTRAINT,
    )
)
"""Their names begin with a table's, so a schema makes them three words long."""
_DATA = {
    ObjectType.OBJECT_TABLE: "table",
    ObjectType.OBJECT_SCHEMA: "schema",
    ObjectType.OBJECT_SEQUENCE: "sequence",
    ObjectType.OBJECT_MATVIEW: "materialized view",
    ObjectType.OBJECT_FOREIGN_TABLE: "foreign table",
}


def effects_of(stmt: Any) -> Effects:
    """What one statement does; a kind that is not known does nothing that we know of."""
    if stmt is None:
        return Effects()
    named = [(schema, reading) for schema, reading in _named(stmt, reading=False) if _is_foreign(schema)]
    changes = frozenset(schema for schema, reading in named if not reading)
    whole = whole_tables(stmt)
    return Effects(
        changes=changes,
        reads=frozenset(schema for schema, reading in named if reading) - changes,
        destroys=tuple(_destroyed(stmt)),
        writes_rows=isinstance(stmt, _WRITES),
        sets_path=_sets_path(stmt),
        locks=locks_of(stmt),
        rewrites=whole.rewrites,
        scans=whole.scans,
    )


def _is_foreign(schema: str) -> bool:
    return schema not in _SYSTEM and not schema.startswith(("pg_temp", "pg_toast"))


def _named(value: Any, *, reading: bool) -> Iterator[tuple[str, bool]]:
    """Every schema in a part of a statement, and whether it is only read there."""
    if isinstance(value, tuple):
        for each in value:
            yield from _named(each, reading=reading)
    elif isinstance(value, ast.Node):
        inner = _is_reading(value, reading)
        yield from ((schema, inner) for schema in _own_names(value))
        yield from ((schema, True) for schema in _called(value))
        for member in value:
            below = inner or _refers(value, member)
            yield from _named(getattr(value, member), reading=below)


def _is_reading(node: ast.Node, reading: bool) -> bool:
    if isinstance(node, (ast.InsertStmt, ast.UpdateStmt, ast.DeleteStmt, ast.MergeStmt)):
        return False
    return reading or isinstance(node, _READING)


def _refers(node: Any, member: str) -> bool:
    """Whether a member of a node only refers to what it names."""
    if isinstance(node, ast.SelectStmt):
        return member != "intoClause"
    if isinstance(node, (ast.InsertStmt, ast.UpdateStmt, ast.DeleteStmt, ast.MergeStmt)):
        return member not in ("relation", "withClause")
    if isinstance(node, ast.CreateStmt):
        return member == "inhRelations" and node.partbound is None
    return (isinstance(node, ast.Constraint) and member == "pktable") or isinstance(node, ast.TableLikeClause)


def _called(node: Any) -> Iterator[str]:
    """The schema of the function that a trigger calls."""
    words: Any = node.funcname if isinstance(node, ast.CreateTrigStmt) else ()
    if len(words) > 1:
        yield words[0].sval


def _own_names(node: Any) -> Iterator[str]:
    if isinstance(node, ast.RangeVar) and node.schemaname:
        yield node.schemaname
    words = getattr(node, _NAMES.get(type(node), ""), None)
    if isinstance(words, tuple) and len(words) > 1:
        yield words[0].sval
    if schema := getattr(node, _SCHEMA_ITSELF.get(type(node), ""), None):
        yield schema
    yield from _objects(node)


def _objects(node: Any) -> Iterator[str]:
    """Names of statements that speak about objects of any kind."""
    kind = type(node)
    if kind is ast.DropStmt:
        yield from _schema_of(node.removeType, node.objects)
    elif kind in (ast.CommentStmt, ast.SecLabelStmt):
        yield from _schema_of(node.objtype, (node.object,))
    elif kind is ast.RenameStmt:
        yield from _schema_of(node.renameType, (node.object,))
        if node.renameType == ObjectType.OBJECT_SCHEMA:
            yield node.subname
    elif kind in (ast.AlterObjectSchemaStmt, ast.AlterOwnerStmt):
        yield from _schema_of(node.objectType, (node.object,))
    elif kind is ast.AlterDefaultPrivilegesStmt:
        yield from (each.sval for option in node.options or () if option.defname == "schemas" for each in option.arg)
    elif kind is ast.GrantStmt and node.objects:
        in_schema = node.targtype.name == "ACL_TARGET_ALL_IN_SCHEMA" or node.objtype == ObjectType.OBJECT_SCHEMA
        yield from (each.sval for each in node.objects if in_schema)


def _schema_of(kind: ObjectType | None, objects: Any) -> Iterator[str]:
    shortest = 1 if kind == ObjectType.OBJECT_SCHEMA else 3 if kind in _OF_A_TABLE else 2
    for each in objects or ():
        words: Any = each if isinstance(each, tuple) else (each,)
        if kind in (ObjectType.OBJECT_TYPE, ObjectType.OBJECT_DOMAIN) and isinstance(each, ast.TypeName):
            words = each.names
        if len(words) >= shortest and all(isinstance(word, ast.String) for word in words):
            yield words[0].sval


def _destroyed(stmt: Any) -> Iterator[str]:
    kind = type(stmt)
    if kind is ast.DropStmt and stmt.removeType in _DATA:
        for each in stmt.objects:
            cascade = " and what depends on it" if stmt.behavior == DropBehavior.DROP_CASCADE else ""
            yield f"drops {_DATA[stmt.removeType]} {_spoken(each)}{cascade}"
    elif kind is ast.TruncateStmt:
        yield from (f"truncates {relation.relname}" for relation in stmt.relations)
    elif kind is ast.DeleteStmt:
        yield f"deletes rows of {stmt.relation.relname}"
    elif kind is ast.AlterTableStmt:
        yield from (said for command in stmt.cmds for said in _lost(command, stmt.relation.relname))


def _lost(command: Any, table: str) -> Iterator[str]:
    if command.subtype == AlterTableType.AT_DropColumn:
        yield f"drops column {table}.{command.name}"
    elif command.subtype == AlterTableType.AT_AlterColumnType:
        yield f"changes the type of {table}.{command.name}"


def _spoken(name: Any) -> str:
    words = name if isinstance(name, tuple) else (name,)
    return ".".join(str(word.sval) for word in words)


def _sets_path(stmt: Any) -> bool:
    if isinstance(stmt, ast.VariableSetStmt):
        return stmt.name == "search_path"
    if not isinstance(stmt, ast.SelectStmt) or not stmt.targetList:
        return False
    return any(_is_path_call(target.val) for target in stmt.targetList)


def _is_path_call(call: Any) -> bool:
    if not isinstance(call, ast.FuncCall):
        return False
    words: Any = call.funcname
    name = call.args[0] if call.args and words[-1].sval == "set_config" else None
    return isinstance(name, ast.A_Const) and getattr(name.val, "sval", None) == "search_path"
