"""What a revision has to do in a schema, by what Alembic's table there says. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from migrator.errors import UnknownRevision, VersionTableDiffers
from migrator.folder.alembic.code import RevisionCode
from migrator.folder.alembic.transaction import Place


@dataclass(frozen=True, slots=True)
class Todo:
    """What is to be done for one revision."""

    stamped: tuple[str, ...] = ()
    """Revisions that the table must name first."""
    is_run: bool = True


def to_be_run(code: RevisionCode, heads: tuple[str, ...], place: Place) -> Todo:
    """Whether a revision is to be run where the table has these heads.

    In a schema without the table, which somebody declared to be at a version, history is all there is to go by:
    what has a lower version is applied. Raises VersionTableDiffers.
    """
    graph, revision = code.terms.graph, code.revision.id
    if not place.has_table:
        below = graph.below(revision) | (frozenset() if code.is_upgrade else {revision})
        return Todo(graph.heads(below))
    try:
        applied = graph.before(heads)
    except UnknownRevision as error:
        _differ(code, place, f"the table names {error.facts['revision']}, which no file of {graph.path} has")
    if code.is_upgrade:
        if revision in applied:
            return Todo(is_run=False)
        if lacking := graph.parents[revision] - applied:
            _differ(code, place, f"{revision} stands on {min(lacking)}, which the table says is not applied")
        return Todo()
    if upper := [other for other in applied if revision in graph.parents[other]]:
        _differ(code, place, f"{min(upper)} stands on {revision}, and the table says that it is applied")
    return Todo(is_run=revision in applied)


def _differ(code: RevisionCode, place: Place, reason: str) -> NoReturn:
    raise VersionTableDiffers(schema=place.schema, table=code.terms.options.version_table, reason=reason) from None
