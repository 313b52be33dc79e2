"""What the kinds of maintenance have in common: one function does it to one target and says what it found."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import structlog
from sqlalchemy import Row

from migrator.errors import ConnectionLost, MigratorError
from migrator.model.execution import Claim, Outcome, OutcomeState
from migrator.model.rollout import Rollout
from migrator.model.target import Database
from migrator.schema.alone import Alone
from migrator.schema.analyze import analyze
from migrator.schema.history import HistoryTable
from migrator.schema.reindex import reindex_invalid
from migrator.schema.rules import Rules
from migrator.schema.session import Session
from tasks import desk
from tasks.failing import failed_or_again

log = structlog.get_logger("migrator.target")


class Maintaining:
    """Work that leaves the migrations of a target as they are. ``do`` returns the outcome, or raises what is one."""

    def __init__(self, do: Callable[[Session, Claim], Outcome]) -> None:
        self._do = do

    def begin(self, session: Session, batch: Sequence[Claim]) -> None:
        """Nothing."""

    def one(self, session: Session, claim: Claim) -> Outcome | None:
        """Do it to one target; an error that is only a lost connection puts the target back."""
        started = time.monotonic()
        try:
            outcome = self._do(session, claim)
        except MigratorError as error:
            return failed_or_again(_lost_or(error, session, claim), claim, time.monotonic() - started)
        return replace(outcome, seconds=time.monotonic() - started)


def reindexing(row: Row[Any], database: Database) -> Maintaining:
    """Rebuilds invalid indexes."""
    rules = rules_for(row, database)

    def do(session: Session, claim: Claim) -> Outcome:
        return done(claim, reindex_invalid(Alone(session, _table(claim, rules), rules)).sentence)

    return Maintaining(do)


def analyzing(row: Row[Any], database: Database) -> Maintaining:
    """Brings statistics up to date."""
    rules = rules_for(row, database)

    def do(session: Session, claim: Claim) -> Outcome:
        return done(claim, f"{analyze(Alone(session, _table(claim, rules), rules))} tables analyzed")

    return Maintaining(do)


def rules_for(row: Row[Any], database: Database) -> Rules:
    """How patient an execution is with a database."""
    rules, asked = desk.rules(database), Rollout.read(row.options).statement_timeout
    return replace(rules, statement_timeout=asked) if asked else rules


def done(claim: Claim, note: str, **more: Any) -> Outcome:
    """The outcome of a target with which all is well."""
    return Outcome(claim, OutcomeState.DONE, note=note, **more)


def _table(claim: Claim, rules: Rules) -> HistoryTable:
    return HistoryTable(claim.schema_name, rules.history_table)


def _lost_or(error: MigratorError, session: Session, claim: Claim) -> MigratorError:
    """A question that was not answered because the connection broke is no fault of the target."""
    if session.is_closed and not isinstance(error, ConnectionLost):
        return ConnectionLost(database=session.database_id, schema=claim.schema_name, reason=str(error))
    return error
