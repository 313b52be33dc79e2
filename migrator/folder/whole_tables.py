"""Statements that certainly write a whole table anew, or read all of its rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pglast import ast
from pglast.enums import AlterTableType, ConstrType, ReindexObjectType

from migrator.folder.relations import has_option, members, named

_VOLATILE = frozenset(
    (
        *("random", "random_normal", "gen_random_uuid", "uuidv4", "uuidv7", "uuid_generate_v1", "uuid_generate_v4"),
        *("clock_timestamp", "timeofday", "nextval"),
    )
)
_SERIAL = frozenset(("serial", "serial2", "serial4", "serial8", "bigserial", "smallserial"))
_PERHAPS_IN_PLACE = frozenset(
    (
        *("text", "varchar", "citext", "numeric", "bpchar", "varbit", "cidr", "inet"),
        *("timestamp", "timestamptz", "time", "timetz", "interval", "oid", "regclass", "regtype", "regproc"),
    )
)
"""Types that a column can become without a rewrite, if it has the right type before, which the text does not say."""
_REWRITING = frozenset(
    (
        AlterTableType.AT_SetTableSpace,
        AlterTableType.AT_SetLogged,
        AlterTableType.AT_SetUnLogged,
        AlterTableType.AT_SetAccessMethod,
    )
)
_CHECKED = (ConstrType.CONSTR_CHECK, ConstrType.CONSTR_FOREIGN, ConstrType.CONSTR_NOTNULL)
_INDEXED = (ConstrType.CONSTR_PRIMARY, ConstrType.CONSTR_UNIQUE, ConstrType.CONSTR_EXCLUSION)


@dataclass(frozen=True, slots=True)
class WholeTables:
    """What becomes of tables as a whole; one that is written anew is not counted as read."""

    rewrites: tuple[str, ...] = ()
    scans: tuple[str, ...] = ()


def whole_tables(stmt: Any) -> WholeTables:
    """What one statement does to tables as a whole; what depends on more than its text is left out."""
    rewrites = tuple(dict.fromkeys(_rewritten(stmt)))
    return WholeTables(rewrites, tuple(table for table in dict.fromkeys(_scanned(stmt)) if table not in rewrites))


def _rewritten(stmt: Any) -> Iterator[str]:
    kind = type(stmt)
    if kind is ast.VacuumStmt and has_option(stmt.options, "full"):
        yield from (named(each.relation) for each in stmt.rels or () if each.relation)
    elif _writes_anew(stmt):
        yield named(stmt.relation)


def _writes_anew(stmt: Any) -> bool:
    kind = type(stmt)
    if kind is ast.AlterTableStmt:
        return any(map(_rewrites, stmt.cmds))
    return bool((kind is ast.RefreshMatViewStmt and not stmt.concurrent) or (kind is ast.ClusterStmt and stmt.relation))


def _scanned(stmt: Any) -> Iterator[str]:
    kind = type(stmt)
    if kind is ast.AlterTableStmt:
        yield from (named(stmt.relation) for command in stmt.cmds if _scans(command))
        yield from (named(c.def_.name) for c in stmt.cmds if c.subtype == AlterTableType.AT_AttachPartition)
    elif kind is ast.IndexStmt or _reindexes_table(stmt) or _changes_every_row(stmt):
        yield named(stmt.relation)


def _reindexes_table(stmt: Any) -> bool:
    return type(stmt) is ast.ReindexStmt and stmt.kind == ReindexObjectType.REINDEX_OBJECT_TABLE


def _changes_every_row(stmt: Any) -> bool:
    return type(stmt) in (ast.UpdateStmt, ast.DeleteStmt) and stmt.whereClause is None


def _rewrites(command: Any) -> bool:
    kind = command.subtype
    if kind in _REWRITING or kind.name == "AT_SetExpression":
        return True
    if kind == AlterTableType.AT_AlterColumnType:
        return _word(command.def_.typeName) not in _PERHAPS_IN_PLACE
    return kind == AlterTableType.AT_AddColumn and _fills_each_row(command.def_)


def _fills_each_row(column: Any) -> bool:
    """Whether a new column has another value in each row; a constant is only noted in the catalog."""
    if _word(column.typeName) in _SERIAL:
        return True
    return any(_differs(constraint) for constraint in column.constraints or ())


def _differs(constraint: Any) -> bool:
    if constraint.contype == ConstrType.CONSTR_IDENTITY:
        return True
    if constraint.contype == ConstrType.CONSTR_GENERATED:
        return getattr(constraint, "generated_kind", "s") != "v"
    return constraint.contype == ConstrType.CONSTR_DEFAULT and _is_volatile(constraint.raw_expr)


def _is_volatile(node: Any) -> bool:
    words: Any = node.funcname if isinstance(node, ast.FuncCall) else ()
    if words and words[-1].sval in _VOLATILE:
        return True
    return any(map(_is_volatile, members(node)))


def _scans(command: Any) -> bool:
    kind = command.subtype
    if kind in (AlterTableType.AT_SetNotNull, AlterTableType.AT_ValidateConstraint):
        return True
    if kind == AlterTableType.AT_AddConstraint:
        return _checks_rows(command.def_)
    return kind == AlterTableType.AT_AddColumn and any(map(_checks_new_column, command.def_.constraints or ()))


def _checks_rows(constraint: Any) -> bool:
    if constraint.contype in _INDEXED:
        return not constraint.indexname
    return constraint.contype in _CHECKED and not constraint.skip_validation


def _checks_new_column(constraint: Any) -> bool:
    return constraint.contype == ConstrType.CONSTR_CHECK or constraint.contype in _INDEXED


def _word(type_name: Any) -> str:
    return str(type_name.names[-1].sval)
