"""One look at a database before a wave: the facts in one round trip, judged by ``migrator/model/preflight.py``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from psycopg2 import sql

from migrator.errors import BadCredential, DatabaseUnreachable, QueryRefused, WrongCredentials
from migrator.model.check import Check
from migrator.model.facts import Capacity, DatabaseFacts, Load, Replica, Transaction, first_words
from migrator.model.preflight import DEFAULT_LIMITS, Needs, PreflightLimits, check, unreachable
from migrator.queries import load_queries
from migrator.schema.session import Session

__all__ = ["preflight", "read_facts", "survey_load"]

APPLICATION = "migrator preflight"
"""How the session is named that looks."""
MOST_LISTED = 10

_CAPACITIES = ("connections", "database_connections", "role_connections", "locks")
_QUERIES = load_queries(Path(__file__).parent / "sql" / "preflight.sql")


def preflight(
    opening: Callable[[], Session], needs: Needs, limits: PreflightLimits = DEFAULT_LIMITS
) -> tuple[Check, ...]:
    """Open a session, look, judge, close. That a database cannot be asked is a stop too, not an error."""
    try:
        with closing(opening()) as session:
            return check(read_facts(session, needs.schemas), needs, limits)
    except (DatabaseUnreachable, WrongCredentials, BadCredential, QueryRefused) as error:
        return unreachable(str(error))


def read_facts(session: Session, schemas: Sequence[str]) -> DatabaseFacts:
    """What there is to know before the schemas are migrated. Changes nothing and waits for nobody."""
    row = _answer(session, "facts", schemas=sql.Literal(list(schemas)), most=sql.Literal(MOST_LISTED))
    counted: dict[str, Any] = {name: _capacity(row, name) for name in _CAPACITIES}
    listed: dict[str, Any] = {
        "transactions": tuple(map(_transaction, row.pop("transactions"))),
        "replicas": tuple(Replica(**found) for found in row.pop("replicas")),
        "invalid_indexes": tuple(row.pop("invalid_indexes")),
    }
    return DatabaseFacts(**row, **counted, **listed)


def survey_load(session: Session) -> Load:
    """How busy the database is; cheap enough to be asked between batches on the session of a lane."""
    return Load(**_answer(session, "load"))


def _answer(session: Session, name: str, **parts: sql.Composable) -> dict[str, Any]:
    """The one row of a query, by column; the time limit in front of it ends with the query."""
    query = sql.SQL(_QUERIES[name]).format(replicas=sql.SQL(_QUERIES["replicas"]), **parts)
    answer: dict[str, Any] = session.ask(session.text(query))[0][0]
    return answer


def _capacity(row: dict[str, Any], name: str) -> Capacity | None:
    """Taken out of the row; what is left in it is named as the facts are."""
    limit, used = row.pop(f"{name}_limit"), row.pop(f"{name}_used")
    return None if limit is None else Capacity(limit, used)


def _transaction(found: dict[str, Any]) -> Transaction:
    return Transaction(**{**found, "query": first_words(found["query"] or "")})
