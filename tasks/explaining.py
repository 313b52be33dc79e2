"""Gathers what explains a tenant's version: registry and ledger, the folder, and a look into its schema."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from psycopg2 import sql
from sqlalchemy import Row

from migrator.errors import HistoryError, MigratorError
from migrator.fleet import facts as known
from migrator.fleet import registry
from migrator.model.check import Check, Verdict
from migrator.model.execution import ExecutionState, OutcomeState, Work
from migrator.model.explanation import Attempt, TenantFacts
from migrator.model.folder import Folder
from migrator.model.history import History
from migrator.model.migration import scripts
from migrator.model.target import Scope, Target
from migrator.schema import history
from migrator.schema.chronicle import chronicle
from migrator.schema.fingerprint import fingerprints_of
from migrator.schema.history import HistoryTable
from migrator.schema.pending import pending, read_history
from migrator.schema.session import Session, session_on
from migrator.schema.validation import FindingKind, findings, successful
from tasks import desk
from tasks.dependencies import unmet_of
from tasks.survey import Survey

MOST_ATTEMPTS = 10
_PATIENCE = sql.SQL("SET statement_timeout TO {}")


def facts_of(tenant_id: str, patience: float | None = None) -> TenantFacts:
    """Everything that explains a tenant's version, also a retired one's; changes nothing. No question to its database
    takes longer than ``patience`` seconds.

    That its database cannot be asked is a fact, not an error. Raises UnknownTenant, and a FolderError.
    """
    with desk.store().begin() as connection:
        row = known.tenant(connection, tenant_id)
        attempts = known.outcomes_of(connection, row.database_id, row.schema_name, MOST_ATTEMPTS)
        breaker = known.last_breaker(connection, row.database_id)
        database = next(d for d in registry.databases(connection, retired=True) if d.id == row.database_id)
    folder = desk.folder(Scope.TENANT)
    facts = TenantFacts(
        tenant=tenant_id,
        database=row.database_id,
        schema=row.schema_name,
        newest=str(folder.newest) if folder.newest else None,
        is_active=row.state == "active",
        is_database_active=row.database_state == "active",
        attempts=tuple(map(_attempt, attempts)),
        breaker=_spoken_breaker(breaker),
    )
    try:
        with session_on(database, "migrator explain", desk.access()) as session:
            if patience is not None:
                session.run(session.text(_PATIENCE.format(sql.Literal(round(patience * 1000)))))
            return _looked_into(session, facts, folder, attempts)
    except MigratorError as error:
        return replace(facts, unreachable=str(error))


def _looked_into(session: Session, facts: TenantFacts, folder: Folder, attempts: Any) -> TenantFacts:
    table = HistoryTable(facts.schema, desk.settings().history_table)
    past = history.read(session, table)
    found = findings(folder, past)
    latest = read_history(successful(past.rows)).latest
    return replace(
        facts,
        exists=history.schema_exists(session, table),
        version=str(latest) if latest else None,
        history=chronicle(session, table),
        pending=_pending(folder, past, facts.schema),
        disagreements=tuple(finding.sentence for finding in found if finding.is_error),
        is_ahead=any(finding.kind is FindingKind.FUTURE for finding in found),
        unmet=tuple(_unmet(facts, past)),
        drifted_since=_drifted(session, table, attempts),
    )


def _pending(folder: Folder, past: History, schema: str) -> tuple[str, ...]:
    try:
        return scripts(pending(folder, past.rows, schema))
    except HistoryError:
        return ()  # told as a disagreement


def _unmet(facts: TenantFacts, past: History) -> list[str]:
    target = Target(facts.database, facts.schema, Scope.TENANT, facts.tenant)
    marks = {facts.database: {facts.schema: past.mark} if past.mark else {}}
    return unmet_of(target, Survey(marks, {}), {Scope.TENANT: desk.folder(Scope.TENANT)})


def _drifted(session: Session, table: HistoryTable, attempts: Any) -> str | None:
    """The execution that recorded how the schema was, when it is another one now."""
    changing = (row for row in attempts if row.kind in ("migrate", "rollback") and row.fingerprint_after)
    last = next(changing, None)
    if last is None or last.state != OutcomeState.DONE:
        return None
    now = fingerprints_of(session, [table.schema], table.table).get(table.schema)
    return str(last.execution_id) if now is not None and now != last.fingerprint_after else None


def _attempt(row: Row[Any]) -> Attempt:
    checks = [Check.read(each) for each in row.checks or ()]
    stops = "; ".join(check.sentence for check in checks if check.verdict is Verdict.STOP)
    return Attempt(
        execution=row.execution_id,
        kind=Work(row.kind),
        execution_state=ExecutionState(row.execution_state),
        state=OutcomeState(row.state),
        requested_by=row.requested_by,
        at=row.finished_at or row.created_at,
        from_version=row.from_version,
        to_version=row.to_version,
        applied=tuple(row.applied),
        error=row.error_message,
        script=row.script,
        reason=row.execution_reason,
        waits_for=row.waits_for,
        due_at=row.due_at,
        stopped=stops if row.stopped_since else None,
        wave=row.wave,
        execution_wave=row.execution_wave,
    )


def _spoken_breaker(row: Row[Any] | None) -> str | None:
    if row is None or row.state == "closed":
        return None
    return f"{row.state} since {row.at:%Y-%m-%d %H:%M:%S}: {row.reason}"
