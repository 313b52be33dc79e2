"""Which relations a statement locks and how strongly, as PostgreSQL 14 to 18 do it.

The table was held against a server: ``tests/integration/test_locks.py`` runs each kind of statement and compares
with ``pg_locks``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pglast import ast
from pglast.enums import ObjectType, ReindexObjectType

from migrator.folder.alter_locks import alter_locks
from migrator.folder.relations import has_option, members, named, spoken
from migrator.model.lock import Lock, LockMode

Locks = Iterator[Lock]

_RELATIONS = frozenset(
    (
        *(ObjectType.OBJECT_TABLE, ObjectType.OBJECT_VIEW, ObjectType.OBJECT_MATVIEW, ObjectType.OBJECT_SEQUENCE),
        *(ObjectType.OBJECT_INDEX, ObjectType.OBJECT_FOREIGN_TABLE),
    )
)
_OF_A_TABLE = frozenset((ObjectType.OBJECT_TRIGGER, ObjectType.OBJECT_RULE, ObjectType.OBJECT_POLICY))
_RENAMED_IN_PASSING = frozenset((ObjectType.OBJECT_INDEX,))
_DML = (ast.InsertStmt, ast.UpdateStmt, ast.DeleteStmt, ast.MergeStmt)
_MODES = list(LockMode)


def locks_of(stmt: Any) -> tuple[Lock, ...]:
    """The strongest lock on each relation that the statement names; empty for a kind that is not known."""
    found = _FOUND.get(type(stmt), _queried)(stmt)
    strongest: dict[str, LockMode] = {}
    for lock in found:
        strongest[lock.relation] = max(lock.mode, strongest.get(lock.relation, lock.mode))
    return tuple(Lock(relation, mode) for relation, mode in strongest.items())


def _queried(stmt: Any) -> Locks:
    """What a query reads, and what its parts write; names of common table expressions are no relations."""
    own = {node.ctename for node in _nodes(stmt) if isinstance(node, ast.CommonTableExpr)}
    return (lock for lock in _touched(stmt) if lock.relation not in own)


def _touched(node: Any) -> Locks:
    if isinstance(node, ast.RangeVar):
        yield Lock(named(node), LockMode.ACCESS_SHARE)
    elif isinstance(node, _DML):
        yield Lock(named(node.relation), LockMode.ROW_EXCLUSIVE)
    elif isinstance(node, ast.SelectStmt):
        yield from _kept_for_update(node)
    if not isinstance(node, ast.IntoClause):
        yield from (lock for member in members(node) for lock in _touched(member))


def _kept_for_update(select: Any) -> Locks:
    """The tables of a SELECT ... FOR UPDATE, FOR SHARE and the like."""
    tables = [node for node in _nodes(select.fromClause or ()) if isinstance(node, ast.RangeVar)]
    for clause in select.lockingClause or ():
        meant = {relation.relname for relation in clause.lockedRels or ()}
        for table in tables:
            if not meant or (table.alias.aliasname if table.alias else table.relname) in meant:
                yield Lock(named(table), LockMode.ROW_SHARE)


def _nodes(node: Any) -> Iterator[Any]:
    yield node
    for member in members(node):
        yield from _nodes(member)


def _on(mode: LockMode, member: str = "relation") -> Callable[[Any], Locks]:
    """For statements that lock the one relation, or the several, that a member of theirs names."""

    def found(stmt: Any) -> Locks:
        value = getattr(stmt, member)
        relations = value if isinstance(value, tuple) else (value,)
        return (Lock(named(relation), mode) for relation in relations if isinstance(relation, ast.RangeVar))

    return found


def _create_table(stmt: Any) -> Locks:
    parents = LockMode.ACCESS_EXCLUSIVE if stmt.partbound else LockMode.SHARE_UPDATE_EXCLUSIVE
    yield from (Lock(named(parent), parents) for parent in stmt.inhRelations or ())
    for node in _nodes(stmt.tableElts or ()):
        if isinstance(node, ast.Constraint) and node.pktable:
            yield Lock(named(node.pktable), LockMode.SHARE_ROW_EXCLUSIVE)
        elif isinstance(node, ast.TableLikeClause):
            yield Lock(named(node.relation), LockMode.ACCESS_SHARE)


def _create_view(stmt: Any) -> Locks:
    if stmt.replace:
        yield Lock(named(stmt.view), LockMode.ACCESS_EXCLUSIVE)
    yield from _queried(stmt.query)


def _create_index(stmt: Any) -> Locks:
    mode = LockMode.SHARE_UPDATE_EXCLUSIVE if stmt.concurrent else LockMode.SHARE
    yield Lock(named(stmt.relation), mode)


def _create_trigger(stmt: Any) -> Locks:
    yield Lock(named(stmt.relation), LockMode.SHARE_ROW_EXCLUSIVE)
    if stmt.constrrel:
        yield Lock(named(stmt.constrrel), LockMode.ACCESS_SHARE)


def _drop(stmt: Any) -> Locks:
    mode = LockMode.SHARE_UPDATE_EXCLUSIVE if stmt.concurrent else LockMode.ACCESS_EXCLUSIVE
    if stmt.removeType in _RELATIONS:
        yield from (Lock(spoken(each), mode) for each in stmt.objects)
    elif stmt.removeType in _OF_A_TABLE:
        yield from (Lock(spoken(each[:-1]), mode) for each in stmt.objects)


def _rename(stmt: Any) -> Locks:
    """An index is renamed, or moved to another name's place, without stopping those who use it."""
    if not isinstance(stmt.relation, ast.RangeVar):
        return
    light = isinstance(stmt, ast.RenameStmt) and stmt.renameType in _RENAMED_IN_PASSING
    yield Lock(named(stmt.relation), LockMode.SHARE_UPDATE_EXCLUSIVE if light else LockMode.ACCESS_EXCLUSIVE)


def _comment(stmt: Any) -> Locks:
    if stmt.objtype in _RELATIONS:
        yield Lock(spoken(stmt.object), LockMode.SHARE_UPDATE_EXCLUSIVE)
    elif stmt.objtype == ObjectType.OBJECT_COLUMN:
        yield Lock(spoken(stmt.object[:-1]), LockMode.SHARE_UPDATE_EXCLUSIVE)
    elif stmt.objtype in _OF_A_TABLE or stmt.objtype == ObjectType.OBJECT_TABCONSTRAINT:
        yield Lock(spoken(stmt.object[:-1]), LockMode.ACCESS_SHARE)


def _lock(stmt: Any) -> Locks:
    return _on(_MODES[stmt.mode - 1], "relations")(stmt)


def _vacuum(stmt: Any) -> Locks:
    full = has_option(stmt.options, "full")
    mode = LockMode.ACCESS_EXCLUSIVE if full else LockMode.SHARE_UPDATE_EXCLUSIVE
    yield from (Lock(named(each.relation), mode) for each in stmt.rels or () if each.relation)


def _reindex(stmt: Any) -> Locks:
    if stmt.relation is None:
        return
    concurrently = has_option(stmt.params, "concurrently")
    of_table = stmt.kind == ReindexObjectType.REINDEX_OBJECT_TABLE
    mode = LockMode.SHARE if of_table else LockMode.ACCESS_EXCLUSIVE
    yield Lock(named(stmt.relation), LockMode.SHARE_UPDATE_EXCLUSIVE if concurrently else mode)


def _refresh(stmt: Any) -> Locks:
    yield Lock(named(stmt.relation), LockMode.EXCLUSIVE if stmt.concurrent else LockMode.ACCESS_EXCLUSIVE)


def _copy(stmt: Any) -> Locks:
    if stmt.relation:
        yield Lock(named(stmt.relation), LockMode.ROW_EXCLUSIVE if stmt.is_from else LockMode.ACCESS_SHARE)
    yield from _queried(stmt.query)


def _sequence(stmt: Any) -> Locks:
    yield Lock(named(stmt.sequence), LockMode.SHARE_ROW_EXCLUSIVE)
    yield from _owner_of_sequence(stmt)


def _owner_of_sequence(stmt: Any) -> Locks:
    for option in stmt.options or ():
        if option.defname == "owned_by" and len(option.arg) > 1:
            yield Lock(spoken(option.arg[:-1]), LockMode.ACCESS_SHARE)


def _publication(stmt: Any) -> Locks:
    for each in stmt.pubobjects or ():
        if each.pubtable:
            yield Lock(named(each.pubtable.relation), LockMode.SHARE_UPDATE_EXCLUSIVE)


def _grant(stmt: Any) -> Locks:
    """PostgreSQL 18 takes the weakest of all, those before it none."""
    return _on(LockMode.ACCESS_SHARE, "objects")(stmt)


def _policy(stmt: Any) -> Locks:
    yield Lock(named(stmt.table), LockMode.ACCESS_EXCLUSIVE)
    yield from _queried((stmt.qual, stmt.with_check))


_FOUND: dict[type[Any], Callable[[Any], Locks]] = {
    ast.AlterTableStmt: alter_locks,
    ast.CreateStmt: _create_table,
    ast.CreateForeignTableStmt: lambda stmt: _create_table(stmt.base),
    ast.ViewStmt: _create_view,
    ast.IndexStmt: _create_index,
    ast.CreateTrigStmt: _create_trigger,
    ast.RuleStmt: _on(LockMode.ACCESS_EXCLUSIVE),
    ast.CreatePolicyStmt: _policy,
    ast.AlterPolicyStmt: _policy,
    ast.CreateStatsStmt: _on(LockMode.SHARE_UPDATE_EXCLUSIVE, "relations"),
    ast.DropStmt: _drop,
    ast.RenameStmt: _rename,
    ast.AlterObjectSchemaStmt: _rename,
    ast.AlterOwnerStmt: _on(LockMode.ACCESS_EXCLUSIVE),
    ast.CommentStmt: _comment,
    ast.SecLabelStmt: _comment,
    ast.GrantStmt: _grant,
    ast.LockStmt: _lock,
    ast.TruncateStmt: _on(LockMode.ACCESS_EXCLUSIVE, "relations"),
    ast.ClusterStmt: _on(LockMode.ACCESS_EXCLUSIVE),
    ast.VacuumStmt: _vacuum,
    ast.ReindexStmt: _reindex,
    ast.RefreshMatViewStmt: _refresh,
    ast.CopyStmt: _copy,
    ast.CreateSeqStmt: _owner_of_sequence,
    ast.AlterSeqStmt: _sequence,
    ast.CreatePublicationStmt: _publication,
    ast.AlterPublicationStmt: _publication,
}
