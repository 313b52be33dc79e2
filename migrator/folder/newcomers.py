"""Relations that a script makes itself: nobody else knows them yet, so their locks and sizes matter to nobody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from pglast import ast

from migrator.folder.relations import made_by
from migrator.model.effects import Effects
from migrator.model.migration import Statement

Analysed = tuple[Statement, ast.Node | None]


def beside_new(found: Iterable[Analysed]) -> Iterator[Analysed]:
    """The statements of one script with effects that tell what it made before from what was there already."""
    made: frozenset[str] = frozenset()
    for statement, stmt in found:
        made |= made_by(stmt, made)
        yield replace(statement, effects=_without(statement.effects, made)), stmt


def _without(effects: Effects, made: frozenset[str]) -> Effects:
    return replace(
        effects,
        locks=tuple(replace(lock, is_new=lock.relation in made) for lock in effects.locks),
        rewrites=tuple(table for table in effects.rewrites if table not in made),
        scans=tuple(table for table in effects.scans if table not in made),
    )
