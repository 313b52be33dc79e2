"""Work (c) with 10,000 tenants: nothing to do, asked of a fleet that is current, and what its database is sent."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psycopg2

from benchmarks.limit import ask_each
from benchmarks.ours import ask
from benchmarks.scale import Scale
from benchmarks.section import Goal, Section
from benchmarks.shop import WorkDiffers, schema_names
from benchmarks.stage import Stage

DATABASE = "idle"
_FILES = {"V1__account.sql": "CREATE TABLE account (id bigint PRIMARY KEY, name text NOT NULL);"}
_MARK = "sent-to-idle"
_READS = "FROM "
"""What all statements have that read something; the others set up a session or its transaction."""


@dataclass(frozen=True)
class Idle:
    """Medians; ``statements`` is what the database was sent in one turn, in order."""

    tenants: int
    turns: int
    seconds: float
    limit_seconds: float
    """For asking every tenant's own table, 200 in a query."""
    statements: tuple[str, ...]

    @property
    def queries(self) -> int:
        """How many of the statements read something."""
        return sum(_READS in statement for statement in self.statements)


def idle(stage: Stage, scale: Scale) -> Section:
    """Make the fleet, bring it up to date, and ask for the same again a few times."""
    with stage.other_migrations(_FILES):
        found = _measured(stage, scale)
    markdown = (
        f"{found.tenants} tenants in one database, {found.turns} turns: from publish to report "
        f"{found.seconds:.2f} s; asking every tenant's own table, 200 in a query, {found.limit_seconds:.2f} s. "
        f"The database was sent {len(found.statements)} statements, {found.queries} of which read anything."
    )
    goals = [
        Goal("c", f"nothing to do for {found.tenants}, from publish to report", 1.0, found.seconds, "s"),
        Goal("c", "queries that read something, per database", 1, found.queries, ""),
    ]
    return Section(f"Nothing to do, {found.tenants} tenants", markdown, vars(found), goals)


def _measured(stage: Stage, scale: Scale) -> Idle:
    schemas = schema_names(scale.idle)
    stage.register(DATABASE, schemas)
    [made] = stage.ours.reports([ask(DATABASE, canary=0)])
    if made["done"] != len(schemas):
        raise WorkDiffers(f"the idle fleet could not be made: {made['summary']}")
    own, limit = [], []
    with _logged(stage) as log:
        for _ in range(scale.idle_turns):
            own.append(_asked(stage, len(schemas)))
        sent = statements_in(log.read_text(errors="replace"), f"{_MARK}={DATABASE} LOG:  statement: ")
    for _ in range(scale.idle_turns):
        started = time.perf_counter()
        ask_each(stage.postgres, DATABASE, schemas, "flyway_schema_history", "V1__account.sql")
        limit.append(time.perf_counter() - started)
    each = len(sent) // scale.idle_turns
    return Idle(len(schemas), scale.idle_turns, median(own), median(limit), tuple(sent[:each]))


def _asked(stage: Stage, tenants: int) -> float:
    started = time.perf_counter()
    [report] = stage.ours.reports([ask(DATABASE)])
    took = time.perf_counter() - started
    if (report["total"], report["skipped"]) != (0, tenants):
        raise WorkDiffers(f"nothing was to be done, got {report['summary']}")
    return took


@contextmanager
def _logged(stage: Stage) -> Iterator[Path]:
    """The server writes down what this database is sent while the context lasts."""
    _as_superuser(stage, f"ALTER SYSTEM SET log_line_prefix = '{_MARK}=%d '", "SELECT pg_reload_conf()")
    _as_superuser(stage, f"ALTER DATABASE {DATABASE} SET log_statement = 'all'")
    try:
        yield stage.postgres.home.log
    finally:
        _as_superuser(stage, f"ALTER DATABASE {DATABASE} RESET log_statement")
        _as_superuser(stage, "ALTER SYSTEM RESET log_line_prefix", "SELECT pg_reload_conf()")


def statements_in(log: str, mark: str) -> list[str]:
    """What the server was sent, in order, each in one line; it indents the further lines of a statement by a tab."""
    found: list[str] = []
    goes_on = False
    for line in log.splitlines():
        if line.startswith(mark):
            found.append(line.removeprefix(mark).strip())
            goes_on = True
        elif goes_on and line.startswith("\t"):
            found[-1] = f"{found[-1]} {line.strip()}".strip()
        else:
            goes_on = False
    return found


def _as_superuser(stage: Stage, *statements: str) -> None:
    with closing(psycopg2.connect(stage.postgres.url())) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        for statement in statements:
            cursor.execute(statement)
