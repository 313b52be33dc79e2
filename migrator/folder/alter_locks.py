"""The locks of ALTER TABLE: the strongest of its sub-commands, and those on the other tables that they name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pglast import ast
from pglast.enums import AlterTableType, ConstrType, ObjectType

from migrator.folder.relations import members, named
from migrator.model.lock import Lock, LockMode

_WITH_READERS = frozenset(
    (
        AlterTableType.AT_SetStatistics,
        AlterTableType.AT_SetOptions,
        AlterTableType.AT_ResetOptions,
        AlterTableType.AT_ClusterOn,
        AlterTableType.AT_DropCluster,
        AlterTableType.AT_ValidateConstraint,
        AlterTableType.AT_AttachPartition,
        AlterTableType.AT_DetachPartitionFinalize,
    )
)
_TRIGGERS = frozenset(
    (
        AlterTableType.AT_EnableTrig,
        AlterTableType.AT_EnableAlwaysTrig,
        AlterTableType.AT_EnableReplicaTrig,
        AlterTableType.AT_EnableTrigAll,
        AlterTableType.AT_EnableTrigUser,
        AlterTableType.AT_DisableTrig,
        AlterTableType.AT_DisableTrigAll,
        AlterTableType.AT_DisableTrigUser,
    )
)
_OF_PARTITIONS = (
    AlterTableType.AT_AttachPartition,
    AlterTableType.AT_DetachPartition,
    AlterTableType.AT_DetachPartitionFinalize,
)
_OPTIONS = (AlterTableType.AT_SetRelOptions, AlterTableType.AT_ResetRelOptions)
_STRONG_OPTIONS = frozenset(("user_catalog_table", "security_barrier", "security_invoker", "check_option"))
"""Storage parameters that other sessions have to see at once; all the others only guide vacuum and storage."""


def alter_locks(stmt: Any) -> Iterator[Lock]:
    """For everything that is altered as tables are; a composite type is no relation to anybody."""
    if stmt.objtype == ObjectType.OBJECT_TYPE:
        return
    yield Lock(named(stmt.relation), max(map(_mode, stmt.cmds)))
    for command in stmt.cmds:
        yield from _others(command)


def _mode(command: Any) -> LockMode:
    kind = command.subtype
    if kind in _WITH_READERS or _is_light_option(command) or _detaches_concurrently(command):
        return LockMode.SHARE_UPDATE_EXCLUSIVE
    if kind in _TRIGGERS or (kind == AlterTableType.AT_AddConstraint and _is_foreign_key(command.def_)):
        return LockMode.SHARE_ROW_EXCLUSIVE
    return LockMode.ACCESS_EXCLUSIVE


def _others(command: Any) -> Iterator[Lock]:
    kind = command.subtype
    if kind in _OF_PARTITIONS:
        yield Lock(named(command.def_.name), LockMode.ACCESS_EXCLUSIVE)
    elif kind == AlterTableType.AT_AddInherit:
        yield Lock(named(command.def_), LockMode.SHARE_UPDATE_EXCLUSIVE)
    elif kind == AlterTableType.AT_DropInherit:
        yield Lock(named(command.def_), LockMode.ACCESS_SHARE)
    else:
        yield from (Lock(named(table), LockMode.SHARE_ROW_EXCLUSIVE) for table in _referenced(command.def_))


def _referenced(node: Any) -> Iterator[Any]:
    """The tables that a new constraint or column refers to."""
    if isinstance(node, ast.Constraint) and node.pktable:
        yield node.pktable
    for member in members(node):
        yield from _referenced(member)


def _is_foreign_key(constraint: Any) -> bool:
    return isinstance(constraint, ast.Constraint) and constraint.contype == ConstrType.CONSTR_FOREIGN


def _is_light_option(command: Any) -> bool:
    return command.subtype in _OPTIONS and not {option.defname for option in command.def_} & _STRONG_OPTIONS


def _detaches_concurrently(command: Any) -> bool:
    return command.subtype == AlterTableType.AT_DetachPartition and bool(getattr(command.def_, "concurrent", False))
