"""Validating: whether each target's history and the folder agree."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from migrator.errors import UnknownSchema
from migrator.model.execution import Claim, Failure, Outcome, OutcomeState
from migrator.model.target import Database
from migrator.schema import history
from migrator.schema.history import HistoryTable
from migrator.schema.session import Session
from migrator.schema.validation import Finding, FindingKind, findings
from tasks.maintaining import Maintaining, done, rules_for
from tasks.migrating import planned_folder


def validating(row: Row[Any], database: Database) -> Maintaining:
    """Holds history against folder. Raises FolderDiffers when the execution was planned with another folder."""
    folder, rules = planned_folder(row, database), rules_for(row, database)

    def do(session: Session, claim: Claim) -> Outcome:
        table = HistoryTable(claim.schema_name, rules.history_table)
        if not history.schema_exists(session, table):
            raise UnknownSchema(database=claim.database_id, schema=claim.schema_name)
        past = history.read(session, table)
        return judged(claim, findings(folder, past), past.mark.version if past.mark else None)

    return Maintaining(do)


def judged(claim: Claim, found: list[Finding], version: str | None) -> Outcome:
    """The outcome of what was found: what is only to be applied is told, a mistake is a failure."""
    mistakes = [finding for finding in found if finding.is_error]
    pending = sum(finding.kind is FindingKind.PENDING for finding in found)
    note = f"{len(mistakes)} mistakes, {pending} migrations to be applied"
    if not mistakes:
        return done(claim, note, from_version=version, to_version=version)
    more = f", and {len(mistakes) - 1} more" if len(mistakes) > 1 else ""
    said = f"history of schema {claim.schema_name} and folder disagree: {mistakes[0].sentence}{more}"
    failure = Failure(said, script=mistakes[0].script)
    return Outcome(claim, OutcomeState.FAILED, version, version, failure=failure, note=note)
