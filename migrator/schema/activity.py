"""What the lanes of an execution do on a database right now: the current statement, its progress, whom it waits for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from psycopg2 import sql

from migrator.model.facts import first_words
from migrator.queries import load_queries
from migrator.schema.session import Session

APPLICATION = "migrator dashboard"
"""How the session is named that looks."""

_QUERIES = load_queries(Path(__file__).parent / "sql" / "activity.sql")
_NAMES = ("pid", "slot", "seconds", "schema", "wait", "lock", "progress", "blocked_by")


def activity(session: Session, execution_id: str) -> list[dict[str, Any]]:
    """A document for each lane at work, the longest statement first; waits for nobody.

    ``seconds`` is the age of the statement. ``progress`` is null or has command, phase, relation and ``share``, from
    0 to 1 or null. ``blocked_by`` is null or has who holds what it waits for: pid, user, application, state, the age
    of the transaction in ``seconds``, and how the query begins. Raises QueryRefused.
    """
    query = sql.SQL(_QUERIES["activity"]).format(execution=sql.Literal(execution_id))
    found = [dict(zip(_NAMES, row, strict=True)) for row in session.ask(session.text(query))]
    for blocker in (blocker for lane in found for blocker in lane["blocked_by"] or ()):
        blocker["query"] = first_words(blocker["query"] or "")
    return found
