"""ALTER TABLE and its like: each command by itself, in the order in which PostgreSQL carries them out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pglast.enums import AlterTableType, ConstrType, DropBehavior, ObjectType

from migrator.folder.inverse import column, constraint, setting
from migrator.folder.inverse.back import NOTHING, Back, impossible
from migrator.folder.inverse.change import not_understood
from migrator.folder.inverse.scene import KINDS, Scene, spoken
from migrator.folder.inverse.text import dotted, words_of
from migrator.folder.inverse.thing import Thing
from migrator.folder.inverse.walk import names_in

Command = Callable[[Any, Scene, Thing, str], Back]

_T = AlterTableType
_COMMANDS: dict[AlterTableType, Command] = {
    _T.AT_AddColumn: column.add,
    _T.AT_DropColumn: column.remove,
    _T.AT_ColumnDefault: column.default,
    _T.AT_SetNotNull: column.set_not_null,
    _T.AT_DropNotNull: column.drop_not_null,
    _T.AT_AlterColumnType: column.change_type,
    _T.AT_AddIdentity: setting.add_identity,
    _T.AT_SetExpression: setting.set_expression,
    _T.AT_SetStatistics: setting.set_statistics,
    _T.AT_AddConstraint: constraint.add,
    _T.AT_DropConstraint: constraint.remove,
    _T.AT_ValidateConstraint: constraint.validate,
    _T.AT_EnableRowSecurity: setting.row_security,
    _T.AT_DisableRowSecurity: setting.row_security,
    _T.AT_ForceRowSecurity: setting.row_security,
    _T.AT_NoForceRowSecurity: setting.row_security,
    _T.AT_EnableTrig: setting.enable_trigger,
    _T.AT_EnableAlwaysTrig: setting.enable_trigger,
    _T.AT_EnableReplicaTrig: setting.enable_trigger,
    _T.AT_DisableTrig: setting.enable_trigger,
    _T.AT_SetLogged: setting.set_logged,
    _T.AT_SetUnLogged: setting.set_logged,
    _T.AT_SetRelOptions: setting.set_options,
    _T.AT_ResetRelOptions: setting.set_options,
    _T.AT_ReplicaIdentity: setting.replica_identity,
    _T.AT_ChangeOwner: setting.change_owner,
    _T.AT_AttachPartition: setting.attach_partition,
}
_ONLY_OF_TABLES = frozenset(_COMMANDS) - {_T.AT_SetRelOptions, _T.AT_ResetRelOptions, _T.AT_ChangeOwner}
_FIRST = (_T.AT_DropColumn, _T.AT_DropConstraint, _T.AT_DropNotNull)
_BACK_TO_ALL = (_T.AT_ColumnDefault, _T.AT_SetNotNull, _T.AT_DropNotNull, _T.AT_AlterColumnType)
"""Commands that reach into partitions and children, which may have been otherwise before."""


def alter_table(stmt: Any, scene: Scene) -> Back:
    """ALTER TABLE, INDEX, VIEW, MATERIALIZED VIEW, SEQUENCE."""
    kind = KINDS.get(stmt.objtype)
    if kind is None or stmt.objtype == ObjectType.OBJECT_TYPE:
        return not_understood(stmt, scene)
    path = scene.place(stmt.relation)
    there = scene.picture.exists(("relation", *path))
    if stmt.missing_ok and not there:
        if there is False:
            return NOTHING
        scene.picture.forget(names_in(stmt))
        return impossible(f"{kind} {path[1]} may not have been there before; the migrations before do not tell")
    thing = scene.picture.known(kind, path)
    alter = f"ALTER {kind.upper()} {'' if stmt.relation.inh or kind != 'table' else 'ONLY '}{dotted(path)}"
    back = Back(goes=True)
    for command in sorted(stmt.cmds, key=_pass):
        back = back.then(_one(command, scene, thing, alter, kind))
    return replace(back, about=back.about if back.reasons else thing)


def _one(command: Any, scene: Scene, thing: Thing, alter: str, kind: str) -> Back:
    if command.behavior == DropBehavior.DROP_CASCADE:
        scene.picture.blur()
        return impossible("takes with it whatever depends on what it drops")
    take = _COMMANDS.get(command.subtype)
    if take is None or ({kind, thing.kind} != {"table"} and command.subtype in _ONLY_OF_TABLES):
        scene.picture.forget(names_in(command) | words_of(thing.name))
        return impossible("is not one of the statements that can be taken back for certain")
    if command.subtype in _BACK_TO_ALL and thing.facts.get("parts"):
        take(command, scene, thing, alter)
        return impossible(f"{spoken(thing)} has partitions or children, which may have been otherwise before", thing)
    return take(command, scene, thing, alter)


def _pass(command: Any) -> int:
    """PostgreSQL drops first and adds constraints last, whatever the order in the statement."""
    kind = command.subtype
    if kind in _FIRST or (kind == _T.AT_ColumnDefault and command.def_ is None):
        return 0
    if kind in (_T.AT_AlterColumnType, _T.AT_AddColumn):
        return 1 if kind == _T.AT_AlterColumnType else 2
    if kind in (_T.AT_SetNotNull, _T.AT_AddIdentity, _T.AT_SetStatistics):
        return 3
    if kind == _T.AT_AddConstraint:
        index = command.def_.contype in (ConstrType.CONSTR_PRIMARY, ConstrType.CONSTR_UNIQUE)
        return 4 if index else 5
    return 5 if kind == _T.AT_ColumnDefault else 6
