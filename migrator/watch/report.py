"""The report of an execution: what its caller gets back, and what is stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row

from migrator.fleet import breakers, gate, ledger, pace, steering
from migrator.model.check import Check, worst
from migrator.model.event import EventType
from migrator.model.execution import Outcome
from migrator.watch.performance import performance_of, slower
from migrator.watch.progress import spoken_seconds

MOST_FAILURES = 20

_DONE = {
    "migrate": "done, {applied} migrations applied",
    "rollback": "done",
    "validate": "validated",
    "drift": "looked at for drift",
    "snapshot": "stored",
    "reindex": "reindexed",
    "analyze": "analyzed",
}
"""What was done to targets, by the kind of the execution."""


def execution_report(connection: Connection, execution_id: str, state: str) -> dict[str, Any]:
    """A one-sentence summary, counts, and the first failures with their facts, from the ledger alone.

    The summary comes first, so that it is what a narrow column shows of the whole.
    """
    row = ledger.execution(connection, execution_id)
    summed = ledger.summed(connection, execution_id)
    failures = ledger.failures(connection, execution_id, MOST_FAILURES) if summed.failed else []
    groups = ledger.failure_groups(connection, execution_id, MOST_FAILURES) if summed.failed else []
    actions = steering.actions(connection, execution_id) if row.window_closes else []
    told: dict[str, Any] = {
        "windows": windows(row, actions),
        "failures": [failure_facts(found) for found in failures],
        "failure_groups": [group_facts(found) for found in groups],
        "preflight": [_preflight_facts(*found) for found in gate.noticed(connection, execution_id)],
        "pace": pace.paces(connection, execution_id),
        "breakers": [breaker_facts(found) for found in breakers.of_execution(connection, execution_id)],
        "performance": performance_of(connection, execution_id) if row.type != EventType.TENANT_CREATED else {},
    }
    if row.total == 1:
        told |= _the_one(ledger.outcomes(connection, execution_id, 1)[0])
    counts = {name: getattr(summed, name) for name in ("done", "failed", "changed", "applied")}
    return _report(row, state, counts, told)


def newcomer_report(row: Row[Any], outcome: Outcome) -> dict[str, Any]:
    """The same for an execution that ended with one new tenant done, without asking the ledger once more.

    No preflight, pace or breaker had a say in it: where they have, a newcomer goes another way.
    """
    counts = {"done": 1, "failed": 0, "changed": int(bool(outcome.applied)), "applied": len(outcome.applied)}
    claim = outcome.claim
    told: dict[str, Any] = {
        "windows": None,
        "failures": [],
        "failure_groups": [],
        "preflight": [],
        "pace": [],
        "breakers": [],
    }
    one = {
        "database": claim.database_id,
        "schema": claim.schema_name,
        "tenant": claim.tenant_id,
        "from_version": outcome.from_version,
        "version": outcome.to_version,
        "note": outcome.note,
    }
    return _report(row, row.state, counts, told | {"performance": {}} | one) | {"over_budget": False}


def _report(row: Row[Any], state: str, counts: dict[str, int], told: dict[str, Any]) -> dict[str, Any]:
    report: dict[str, Any] = {
        "event": row.id,
        "execution": row.id,
        "state": state,
        "kind": row.kind,
        "reason": row.reason,
        "options": row.options,
        "wave": row.wave,
        "waves": row.waves,
        "total": row.total,
        "untouched": row.total - counts["done"] - counts["failed"],
        "skipped": row.skipped,
        "seconds": round(float(row.seconds), 3),
        "repeated": False,
        **counts,
        **told,
    }
    return {"summary": summary(report), **report}


def summary(report: dict[str, Any]) -> str:
    """One sentence: what was done to how many targets, in what time, and what to do when some failed."""
    took = spoken_seconds(report["seconds"])
    if not report["total"] and not report["skipped"]:
        return "nothing to do: no target is registered for what was asked"
    if not report["total"]:
        return f"nothing to do: all {report['skipped']} targets are current; checked in {took}"
    if report["total"] == 1 and report["done"]:
        return _sentence_for_one(report, took)
    said = f"{report['done']} of {report['total']} targets {_DONE[report['kind']].format(**report)} in {took}"
    if (report["windows"] or 0) > 1:
        said += f" and {report['windows']} windows"
    if report["skipped"]:
        said += f", {report['skipped']} were current"
    if report["failed"]:
        said += f"; {report['failed']} failed, first: {report['failures'][0]['message']}"
    if report["untouched"]:
        said += f"; {report['untouched']} were not touched"
    if report["reason"]:
        said += f"; {report['state'].replace('_', ' ')}: {report['reason']}"
    return said


def windows(row: Row[Any], actions: Sequence[Row[Any]]) -> int | None:
    """How many windows an execution has had so far; None for one without."""
    if row.window_closes is None:
        return None
    return 1 + len([action for action in actions if action.action == "roll_over"])


def failure_facts(row: Row[Any]) -> dict[str, Any]:
    """One failed outcome, for a person or a program."""
    return {
        "database": row.database_id,
        "schema": row.schema_name,
        "tenant": row.tenant_id,
        "message": row.error_message,
        "sqlstate": row.sqlstate,
        "script": row.script,
        "line": row.line,
        "statement": row.statement,
    }


def group_facts(row: Row[Any]) -> dict[str, Any]:
    """Failures that have their error in common: values in quotes, numbers and names of targets left out."""
    return {
        "count": row.count,
        "error": row.error,
        "sqlstate": row.sqlstate,
        "script": row.script,
        "line": row.line,
        "statement": row.statement,
        "sample": row.sample,
        "message": row.message,
    }


def remarks(report: dict[str, Any]) -> list[str]:
    """What was warned and stopped, whose breaker is open, where the pace went, one line each, for people."""
    said = [
        f"preflight of {found['database']}, {found['verdict']}: {sentence}"
        for found in report.get("preflight", ())
        for sentence in found["sentences"]
    ]
    said += slower(report.get("performance", {}))
    said += [
        f"breaker of {found['database']} is {found['state']} since {found['since']}: {found['reason']}"
        for found in report.get("breakers", ())
    ]
    return said + [
        f"pace of {found['database']}: {change['lanes']} lanes, {change['reason']}"
        for found in report.get("pace", ())
        for change in found["changes"]
    ]


def breaker_facts(row: Row[Any]) -> dict[str, Any]:
    """A database whose breaker is not closed now."""
    return {"database": row.database_id, "state": row.state, "since": row.at.isoformat(), "reason": row.reason}


def _preflight_facts(database: str, is_stopped: bool, checks: list[Check]) -> dict[str, Any]:
    """What preflight told of a database in the course of an execution, and whether it is stopped now."""
    sentences = [check.told for check in checks]
    return {"database": database, "verdict": worst(checks).value, "is_stopped": is_stopped, "sentences": sentences}


def simple_report(event_id: str, summary_: str, **facts: Any) -> dict[str, Any]:
    """The report of an event that started no execution."""
    return {"summary": summary_, "event": event_id, "execution": None, "state": "completed", "repeated": False, **facts}


def _the_one(row: Row[Any]) -> dict[str, Any]:
    return {
        "database": row.database_id,
        "schema": row.schema_name,
        "tenant": row.tenant_id,
        "from_version": row.from_version,
        "version": row.to_version,
        "note": row.note,
    }


def _sentence_for_one(report: dict[str, Any], took: str) -> str:
    where = f"schema {report['schema']} of database {report['database']}"
    if report["kind"] not in ("migrate", "rollback"):
        noted = f": {report['note']}" if report["note"] else ""
        return f"{where} is {_DONE[report['kind']]} in {took}{noted}"
    at = f"at version {report['version']}" if report["version"] else "in place"
    if not report["changed"]:
        return f"{where} is {at}, there was nothing to apply; checked in {took}"
    return f"{where} is {at}, {report['applied']} migrations applied in {took}"
