"""Which names pending migrations make that must not be there: CREATE without IF NOT EXISTS or OR REPLACE."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pglast import ast, parse_sql
from pglast.enums import FunctionParameterMode, ObjectType
from pglast.parser import ParseError

from migrator.folder.relations import members
from migrator.model.collision import Made
from migrator.model.migration import Migration, Statement
from migrator.model.slot import stand_in, without_slots

_OPAQUE = (ast.DoStmt, ast.CallStmt, ast.ExecuteStmt)
"""What they drop or make, their text does not say."""
_INPUT = (
    FunctionParameterMode.FUNC_PARAM_IN,
    FunctionParameterMode.FUNC_PARAM_INOUT,
    FunctionParameterMode.FUNC_PARAM_VARIADIC,
    FunctionParameterMode.FUNC_PARAM_DEFAULT,
)
_Name = tuple[str, str | None, str, tuple[str, ...]]
"""Kind, schema, name, and the arguments of a function."""


def names_made(migrations: Iterable[Migration]) -> tuple[Made, ...]:
    """The names that migrations make one after the other.

    Behind code, a DO block or what cannot be read nothing is certain, so what comes there is left out.
    """
    return tuple(_made(migrations))


def _made(migrations: Iterable[Migration]) -> Iterator[Made]:
    freed: frozenset[str] = frozenset()
    for migration in migrations:
        if migration.code is not None:
            return
        for statement in migration.statements:
            stmt = _parsed(statement)
            if stmt is None or isinstance(stmt, _OPAQUE):
                return
            for kind, schema, name, arguments in _names(stmt):
                own = None if schema in (None, stand_in("schema")) else schema
                yield Made(kind, name, migration.script, _line(statement), arguments, own, freed)
            freed |= frozenset(_freed(stmt))


def _parsed(statement: Statement) -> Any:
    try:
        found = parse_sql(without_slots(statement.text))
    except ParseError:
        return None
    return found[0].stmt if len(found) == 1 else None


def _line(statement: Statement) -> int:
    """Of the first word: a statement's text begins behind the semicolon of the one before."""
    text = statement.text
    blank = text[: len(text) - len(text.lstrip())]
    return statement.line + blank.count("\n")


def _names(stmt: Any) -> Iterator[_Name]:
    if found := _MADE.get(type(stmt)):
        yield from found(stmt)


def _relation(kind: str, relation: Any) -> Iterator[_Name]:
    if relation is not None and relation.relpersistence != "t":
        yield kind, relation.schemaname, relation.relname, ()


def _table(stmt: Any) -> Iterator[_Name]:
    return iter(()) if stmt.if_not_exists else _relation("table", stmt.relation)


def _table_as(stmt: Any) -> Iterator[_Name]:
    kind = "view" if stmt.objtype == ObjectType.OBJECT_MATVIEW else "table"
    return iter(()) if stmt.if_not_exists else _relation(kind, stmt.into.rel)


def _view(stmt: Any) -> Iterator[_Name]:
    return iter(()) if stmt.replace else _relation("view", stmt.view)


def _index(stmt: Any) -> Iterator[_Name]:
    """It is made where its table is."""
    if stmt.idxname and not stmt.if_not_exists:
        yield "index", stmt.relation.schemaname, stmt.idxname, ()


def _sequence(stmt: Any) -> Iterator[_Name]:
    return iter(()) if stmt.if_not_exists else _relation("sequence", stmt.sequence)


def _type(member: str) -> Callable[[Any], Iterator[_Name]]:
    def found(stmt: Any) -> Iterator[_Name]:
        schema, name = _words(getattr(stmt, member))
        yield "type", schema, name, ()

    return found


def _composite(stmt: Any) -> Iterator[_Name]:
    yield "type", stmt.typevar.schemaname, stmt.typevar.relname, ()


def _function(stmt: Any) -> Iterator[_Name]:
    if not stmt.replace:
        arguments = [each for each in stmt.parameters or () if each.mode in _INPUT]
        yield "function", *_words(stmt.funcname), tuple(_type_name(each.argType) for each in arguments)


def _type_name(type_name: Any) -> str:
    """As pg_type has it: an array of int4 is _int4."""
    return ("_" if type_name.arrayBounds else "") + str(type_name.names[-1].sval)


def _words(name: Any) -> tuple[str | None, str]:
    words = [str(word.sval) for word in name]
    return (words[-2] if len(words) > 1 else None), words[-1]


_MADE: dict[type[Any], Callable[[Any], Iterator[_Name]]] = {
    ast.CreateStmt: _table,
    ast.CreateForeignTableStmt: lambda stmt: _table(stmt.base),
    ast.CreateTableAsStmt: _table_as,
    ast.ViewStmt: _view,
    ast.IndexStmt: _index,
    ast.CreateSeqStmt: _sequence,
    ast.CreateEnumStmt: _type("typeName"),
    ast.CreateRangeStmt: _type("typeName"),
    ast.CreateDomainStmt: _type("domainname"),
    ast.CompositeTypeStmt: _composite,
    ast.CreateFunctionStmt: _function,
}


def _freed(stmt: Any) -> Iterator[str]:
    """Every name that a statement which drops, renames or moves something says; too many do no harm."""
    if isinstance(stmt, (ast.DropStmt, ast.RenameStmt, ast.AlterObjectSchemaStmt)):
        yield from _said(stmt)
    elif isinstance(stmt, ast.AlterTableStmt):
        yield from (str(command.name) for command in stmt.cmds or () if command.name)


def _said(node: Any) -> Iterator[str]:
    if isinstance(node, ast.String):
        yield str(node.sval)
    elif isinstance(node, ast.RangeVar):
        yield str(node.relname)
    elif isinstance(node, ast.RenameStmt) and node.subname:
        yield str(node.subname)
    for member in members(node):
        yield from _said(member)
