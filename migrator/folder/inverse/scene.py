"""One statement and what is known before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pglast import ast
from pglast.enums import FunctionParameterMode, ObjectType

from migrator.folder.inverse.back import Entry
from migrator.folder.inverse.picture import Picture
from migrator.folder.inverse.text import dotted, quoted, words_of
from migrator.folder.inverse.thing import UNKNOWN, Thing, key_of
from migrator.model.slot import stand_in

_OWN = stand_in("schema")
KINDS = {
    ObjectType.OBJECT_TABLE: "table",
    ObjectType.OBJECT_FOREIGN_TABLE: "foreign table",
    ObjectType.OBJECT_VIEW: "view",
    ObjectType.OBJECT_MATVIEW: "materialized view",
    ObjectType.OBJECT_SEQUENCE: "sequence",
    ObjectType.OBJECT_INDEX: "index",
    ObjectType.OBJECT_COLUMN: "column",
    ObjectType.OBJECT_TABCONSTRAINT: "constraint",
    ObjectType.OBJECT_TRIGGER: "trigger",
    ObjectType.OBJECT_POLICY: "policy",
    ObjectType.OBJECT_RULE: "rule",
    ObjectType.OBJECT_TYPE: "type",
    ObjectType.OBJECT_DOMAIN: "domain",
    ObjectType.OBJECT_STATISTIC_EXT: "statistics",
    ObjectType.OBJECT_FUNCTION: "function",
    ObjectType.OBJECT_PROCEDURE: "procedure",
    ObjectType.OBJECT_AGGREGATE: "aggregate",
    ObjectType.OBJECT_SCHEMA: "schema",
}
"""The kinds of things that are kept in the picture, as SQL calls them."""
_ON_A_RELATION = ("constraint", "trigger", "policy", "rule")
_INPUT = (
    FunctionParameterMode.FUNC_PARAM_IN,
    FunctionParameterMode.FUNC_PARAM_DEFAULT,
    FunctionParameterMode.FUNC_PARAM_INOUT,
    FunctionParameterMode.FUNC_PARAM_VARIADIC,
)


@dataclass(frozen=True, slots=True)
class Scene:
    """What a statement is looked at with."""

    picture: Picture
    text: str
    """The statement itself, names in the slots, nothing around it."""
    entries: list[Entry] = field(default_factory=list)
    """The statements of the same migration before it."""

    def place(self, relation: Any) -> tuple[str, str]:
        """The path of what a RangeVar names."""
        return self.picture.place(_own(relation.schemaname or ""), relation.relname)

    def place_words(self, words: Sequence[Any]) -> tuple[str, str]:
        """The path of what the words of a name say."""
        return self.picture.place(_own(words[-2].sval) if len(words) > 1 else "", words[-1].sval)

    def relation(self, kind: str, relation: Any) -> Thing:
        """What a RangeVar names, known from now on if it was not yet."""
        return self.picture.known(kind, self.place(relation))

    def path_of(self, kind: str, named: Any) -> tuple[str, ...] | None:
        """The path of what DROP, COMMENT ON and ALTER ... RENAME name; None for a routine without arguments."""
        if kind in ("function", "procedure", "aggregate"):
            if named.args_unspecified:
                return None
            return (*self.place_words(named.objname), arguments(named.objfuncargs or (), named.objargs))
        if kind in ("type", "domain"):
            words: Any = named.names if isinstance(named, ast.TypeName) else named
            return self.place_words(words)
        if kind == "schema":
            return ("", named.sval)
        if kind == "column" or kind in _ON_A_RELATION:
            return (*self.place_words(named[:-1]), named[-1].sval)
        return self.place_words(named)

    def cancel(self, thing: Thing) -> bool:
        """Whether a thing that this migration made can end here as if it had never been, and if so, let it."""
        if not self.picture.is_born(thing):
            return False
        gone = (thing, *self.picture.parts(thing))
        others = [entry for entry in self.entries if entry.back.about not in gone]
        tied = (entry for entry in others if entry.back.sql or entry.back.reasons)
        if any(words_of(entry.text) & thing.was_called for entry in tied):
            return False
        self.entries[:] = others
        return True

    def routines(self, kind: str, words: Sequence[Any]) -> list[Thing]:
        """All routines of a name."""
        start = key_of(kind, self.place_words(words))
        return [thing for key, thing in self.picture.things.items() if key[:3] == start]


def _own(schema: str) -> str:
    return "" if schema == _OWN else schema


def arguments(parameters: Sequence[Any], types: Sequence[Any] | None = None) -> str:
    """The types of a routine's input, as its signature has them whatever it calls them."""
    if parameters:
        types = [each.argType for each in parameters if each.mode in _INPUT]
    return f"({', '.join(map(_type, types or ()))})"


def _type(node: Any) -> str:
    words = [word.sval for word in node.names]
    if words[0] == "pg_catalog":
        words = words[1:]
    return dotted(map(_own, words)) + "[]" * len(node.arrayBounds or ())


def full_name(thing: Thing) -> str:
    """How a statement names a thing."""
    if thing.kind in _ON_A_RELATION:
        return f"{quoted(thing.name)} ON {dotted(thing.path[:2])}"
    if thing.kind in ("function", "procedure", "aggregate"):
        return dotted(thing.path[:2]) + (thing.path[2] if thing.path[2] != "()" or thing.kind != "aggregate" else "(*)")
    return dotted(thing.path)


def drop(thing: Thing, *, concurrently: bool = False) -> str:
    """The statement that drops it, and nothing with it."""
    return f"DROP {thing.kind.upper()} {'CONCURRENTLY ' if concurrently else ''}{full_name(thing)}"


def why_shared(scene: Scene, table: Thing) -> str | None:
    """Why an index or key of a table may not be its alone: those of partitions become part of it and go with it."""
    parts = table.fact("parts")
    if parts is None or scene.picture.is_born(table):
        return None
    if parts is UNKNOWN:
        return f"whether {spoken(table)} has partitions, whose indexes and keys go with it, is not known"
    return f"{spoken(table)} has partitions or children, whose indexes and keys may go with it"


def spoken(thing: Thing) -> str:
    """A thing in a sentence."""
    if thing.kind == "column" or thing.kind in _ON_A_RELATION:
        return f"{thing.kind} {thing.path[1]}.{thing.path[2]}"
    return f"{thing.kind} {thing.path[1]}"
