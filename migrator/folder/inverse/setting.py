"""ALTER TABLE of what is neither a column's type nor a constraint: options, switches, owners, partitions."""

from __future__ import annotations

from typing import Any

from pglast.enums import AlterTableType

from migrator.folder.inverse.back import NOTHING, Back, impossible, takes_back
from migrator.folder.inverse.names import object_name
from migrator.folder.inverse.scene import Scene, spoken
from migrator.folder.inverse.text import dotted, quoted, said_expression, words_of
from migrator.folder.inverse.thing import UNKNOWN, Fact, Thing

_T = AlterTableType
_SECURITY = {
    _T.AT_EnableRowSecurity: ("row security", "ENABLE"),
    _T.AT_DisableRowSecurity: ("row security", None),
    _T.AT_ForceRowSecurity: ("forced row security", "FORCE"),
    _T.AT_NoForceRowSecurity: ("forced row security", None),
}
_BY_DEFAULT = {"row security": "DISABLE", "forced row security": "NO FORCE"}
_ENABLED = {
    _T.AT_EnableTrig: None,
    _T.AT_EnableAlwaysTrig: "ENABLE ALWAYS",
    _T.AT_EnableReplicaTrig: "ENABLE REPLICA",
    _T.AT_DisableTrig: "DISABLE",
}
_IDENTITIES = {"d": None, "f": "FULL", "n": "NOTHING"}


def _turned(thing: Thing, fact: str, now: Fact) -> tuple[Fact, Back | None]:
    """What a fact was before it is noted as it is now, and the end of the matter when that decides it."""
    before = thing.fact(fact)
    thing.facts[fact] = now
    if before is UNKNOWN:
        return before, impossible(f"what the {fact} of {spoken(thing)} was before is not known", thing)
    return before, NOTHING if before == now else None


def row_security(command: Any, scene: Scene, table: Thing, alter: str) -> Back:
    """ENABLE, DISABLE, FORCE and NO FORCE ROW LEVEL SECURITY."""
    fact, now = _SECURITY[command.subtype]
    before, end = _turned(table, fact, now)
    return end or takes_back(f"{alter} {before or _BY_DEFAULT[fact]} ROW LEVEL SECURITY", about=table)


def enable_trigger(command: Any, scene: Scene, table: Thing, alter: str) -> Back:
    """ENABLE and DISABLE TRIGGER of one trigger."""
    trigger = scene.picture.known("trigger", (*table.path, command.name))
    before, end = _turned(trigger, "enabled", _ENABLED[command.subtype])
    return end or takes_back(f"{alter} {before or 'ENABLE'} TRIGGER {quoted(trigger.name)}", about=table)


def set_logged(command: Any, scene: Scene, table: Thing, alter: str) -> Back:
    """SET LOGGED and SET UNLOGGED."""
    before, end = _turned(table, "logged", None if command.subtype == _T.AT_SetLogged else "no")
    return end or takes_back(f"{alter} SET {'UNLOGGED' if before else 'LOGGED'}", about=table)


def replica_identity(command: Any, scene: Scene, table: Thing, alter: str) -> Back:
    """REPLICA IDENTITY."""
    kind = command.def_.identity_type
    now: Fact = _IDENTITIES[kind] if kind in _IDENTITIES else f"USING INDEX {quoted(command.def_.name)}"
    before, end = _turned(table, "replica identity", now)
    return end or takes_back(f"{alter} REPLICA IDENTITY {before or 'DEFAULT'}", about=table)


def set_options(command: Any, scene: Scene, thing: Thing, alter: str) -> Back:
    """SET and RESET of storage parameters."""
    back = Back()
    for option in command.def_ or ():
        name = f"{option.defnamespace}.{option.defname}" if option.defnamespace else option.defname
        now = None if command.subtype == _T.AT_ResetRelOptions else option_value(option.arg)
        written_in_its_text = UNKNOWN if thing.kind != "table" and option.defname in thing.words else None
        thing.facts.setdefault(f"option {name}", written_in_its_text if thing.whole else UNKNOWN)
        before, end = _turned(thing, f"option {name}", now)
        again = f"RESET ({name})" if before is None else f"SET ({name} = {before})"
        back = back.then(end or takes_back(f"{alter} {again}", about=thing))
    thing.rewrite("")
    return back


def option_value(argument: Any) -> str:
    """A storage parameter as SET would give it."""
    if argument is None:
        return "true"
    value = getattr(argument, "ival", None)
    if value is not None:
        return str(value)
    words = getattr(argument, "names", None)
    text = words[-1].sval if words else getattr(argument, "sval", None) or getattr(argument, "fval", "")
    return "'" + str(text).replace("'", "''") + "'"


def set_statistics(command: Any, scene: Scene, table: Thing, alter: str) -> Back:
    """ALTER COLUMN SET STATISTICS."""
    if not command.name or command.def_ is None:
        return impossible("is not one of the statements that can be taken back for certain", table)
    column = scene.picture.known("column", (*table.path, command.name))
    now = str(command.def_.ival)
    before, end = _turned(column, "statistics", None if now == "-1" else now)
    return end or takes_back(f"{alter} ALTER COLUMN {quoted(column.name)} SET STATISTICS {before or -1}", about=table)


def add_identity(command: Any, scene: Scene, table: Thing, alter: str) -> Back:
    """ADD GENERATED AS IDENTITY: the column's values stay."""
    column = scene.picture.known("column", (*table.path, command.name))
    column.facts["identity"] = "yes"
    scene.picture.doubtful.add(object_name(table.name, column.name, "seq").lower())
    return takes_back(f"{alter} ALTER COLUMN {quoted(column.name)} DROP IDENTITY", about=table)


def set_expression(command: Any, scene: Scene, table: Thing, alter: str) -> Back:
    """ALTER COLUMN SET EXPRESSION: the values are computed anew."""
    column = scene.picture.known("column", (*table.path, command.name))
    before, end = _turned(column, "generated", said_expression(command.def_) or UNKNOWN)
    return end or takes_back(f"{alter} ALTER COLUMN {quoted(column.name)} SET EXPRESSION AS ({before})", about=table)


def change_owner(command: Any, scene: Scene, thing: Thing, alter: str) -> Back:
    """OWNER TO."""
    before, end = _turned_owner(thing, command.newowner)
    return end or takes_back(f"{alter} OWNER TO {before}", about=thing)


def _turned_owner(thing: Thing, role: Any) -> tuple[Fact, Back | None]:
    thing.facts.setdefault("owner", UNKNOWN)
    before, end = _turned(thing, "owner", quoted(role.rolename) if role.rolename else UNKNOWN)
    return before, Back(end.sql, end.reasons, about=thing, goes=True) if end else None


def attach_partition(command: Any, scene: Scene, table: Thing, alter: str) -> Back:
    """ATTACH PARTITION: the table gets indexes and constraints of its new parent, which stay with it."""
    part = scene.relation("table", command.def_.name)
    table.facts["parts"] = "yes"
    if not scene.picture.is_born(part):
        scene.picture.forget(words_of(part.name))
        return impossible(f"{spoken(part)} gets what its parent has and keeps it")
    return takes_back(f"{alter} DETACH PARTITION {dotted(part.path)}", about=table)
