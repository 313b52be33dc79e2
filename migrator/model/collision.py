"""Collisions: names that a pending migration would make and that are there already. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_WITH_ROW_TYPE = frozenset(("table", "view"))


@dataclass(frozen=True, slots=True)
class Made:
    """A name that a migration makes, and that must not be there then."""

    kind: str
    """table, view, index, sequence, type or function; a materialized view is a view."""
    name: str
    script: str
    line: int
    arguments: tuple[str, ...] = ()
    """Of a function: the names of the types that it is called with, as the server has them."""
    schema: str | None = None
    """Where the text says to make it; None for the target's own schema."""
    freed: frozenset[str] = frozenset()
    """Names that statements before it drop, move or rename; what belongs to them is gone too."""


@dataclass(frozen=True, slots=True)
class There:
    """A name that a schema has: a relation, a type or a function."""

    kind: str
    """relation, type or function."""
    name: str
    owner: str | None = None
    """The relation that it belongs to."""
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Collision:
    """A name that would be made and is there."""

    schema: str
    made: Made

    def __str__(self) -> str:
        made = self.made
        arguments = f"({', '.join(made.arguments)})" if made.kind == "function" else ""
        return (
            f"{made.script}:{made.line} would make {made.kind} {made.name}{arguments}, which schema {self.schema} has "
            f"already"
        )


def collisions(schema: str, made: Iterable[Made], there: Iterable[There]) -> tuple[Collision, ...]:
    """What would be made in a schema and is there, in the order of the migrations; only what is certain."""
    by_name: dict[str, list[There]] = {}
    for found in there:
        by_name.setdefault(found.name, []).append(found)
    return tuple(Collision(schema, each) for each in made if any(_in_the_way(each, schema, by_name)))


def _in_the_way(made: Made, schema: str, by_name: dict[str, list[There]]) -> Iterator[bool]:
    if made.schema not in (None, schema):
        return
    for there in by_name.get(made.name, ()):
        is_freed = bool({there.name, there.owner} & made.freed)
        yield not is_freed and _same_room(made, there)


def _same_room(made: Made, there: There) -> bool:
    """Tables, indexes and the like share their names; a table has a type of its name too."""
    if made.kind == "function":
        return there.kind == "function" and there.arguments == made.arguments
    if made.kind == "type":
        return there.kind == "type"
    return there.kind == "relation" or (there.kind == "type" and made.kind in _WITH_ROW_TYPE)
