"""The SQL of a revision without a database: Alembic's offline mode."""

from __future__ import annotations

import io
import traceback
from typing import Any

from migrator.errors import MigratorError, NoOfflineSql
from migrator.folder.alembic.code import RevisionCode
from migrator.folder.alembic.running import ONE_AT_A_TIME, environment, step_of
from migrator.model.migration import Code, Migration


def offline_sql(migration: Migration, *, undo: bool = False, memo: dict[Any, Any] | None = None) -> str:
    """What a revision would send to a schema in which all lower versions are applied, Alembic's table included.

    ``undo``: its way back. ``memo``: a dict that is given for one revision after the other when their texts are to be
    run in that order; it holds what need not be made again. Raises NoOfflineSql for a revision that asks the
    database something, and for what is no revision or has no way back.
    """
    code = migration.undo_code if undo else migration.code
    if not isinstance(code, RevisionCode):
        reason = "it has no way back" if undo and migration.code else "it is no revision of Alembic's"
        raise NoOfflineSql(script=migration.script, line=1, reason=reason)
    try:
        return _written(code, {} if memo is None else memo)
    except MigratorError:
        raise
    except Exception as error:  # the revision is somebody else's code
        reason = f"{type(error).__name__}: {error}"
        raise NoOfflineSql(script=migration.script, line=_line(error, code), reason=reason) from error


def _written(code: RevisionCode, memo: dict[Any, Any]) -> str:
    graph, revision = code.terms.graph, code.revision.id
    before = graph.below(revision) | (frozenset() if code.is_upgrade else {revision})
    output = io.StringIO()
    with (
        ONE_AT_A_TIME,
        environment(
            code.terms,
            lambda *_: [step_of(code)],
            as_sql=True,
            dialect_name="postgresql",
            output_buffer=output,
            starting_rev=graph.heads(before) or None,
            literal_binds=True,
        ) as env,
    ):
        env.get_context().impl.memo = memo
        env.run_migrations()
    return output.getvalue()


def _line(error: Exception, code: Code) -> int:
    path = str(code.revision.path) if isinstance(code, RevisionCode) else ""
    return next((f.lineno or 1 for f in reversed(traceback.extract_tb(error.__traceback__)) if f.filename == path), 1)
