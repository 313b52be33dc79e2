"""Why a tenant is at its version: each cause, which of them is told first, and what can be done."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from migrator.model.causes import explain
from migrator.model.execution import ExecutionState, OutcomeState, Work
from migrator.model.explanation import Attempt, CauseKind, TenantFacts

FACTS = TenantFacts("7", "eu-1", "tenant_7", newest="3", version="3")
BEHIND = replace(FACTS, version="2", pending=("V3__c.sql",))


def attempt(state=OutcomeState.DONE, of=ExecutionState.COMPLETED, kind=Work.MIGRATE, **more) -> Attempt:
    return Attempt("e1", kind, of, state, "ann", **more)


def kinds(facts: TenantFacts) -> list[CauseKind]:
    return [cause.kind for cause in explain(facts).causes]


def behind(*attempts: Attempt, **more) -> TenantFacts:
    return replace(BEHIND, attempts=attempts, **more)


def test_a_current_tenant_has_no_cause():
    said = explain(FACTS)
    assert (said.is_current, said.causes) == (True, ())
    assert said.sentence == (
        "tenant 7 (schema tenant_7 of database eu-1) is at version 3, the newest there is: nothing is pending"
    )


def test_one_that_nobody_asked_for_is_told_the_command():
    said = explain(BEHIND)
    assert said.sentence.endswith(
        "is at version 2 and 1 migration behind version 3, because no execution has been asked for V3__c.sql"
    )
    assert said.causes[0].advice == "migrator migrate --tenant 7"


def test_a_failure_is_told_with_its_execution_and_how_to_go_on():
    said = explain(
        behind(attempt(OutcomeState.FAILED, ExecutionState.FAILED, script="V3__c.sql", error="no such table"))
    )
    assert "because V3__c.sql failed there in execution e1: no such table" in said.sentence
    assert "migrator retry e1" in said.causes[0].advice


_DUE = datetime(2026, 11, 25, 1, tzinfo=UTC)
OPEN = {
    CauseKind.BEING_DONE: attempt(OutcomeState.RUNNING, ExecutionState.RUNNING),
    CauseKind.PAUSED: attempt(OutcomeState.PENDING, ExecutionState.PAUSED, reason="paused by ann"),
    CauseKind.WAITS_FOR_EXECUTION: attempt(OutcomeState.PENDING, ExecutionState.PENDING, waits_for="e0"),
    CauseKind.WAITS_FOR_WINDOW: attempt(OutcomeState.PENDING, ExecutionState.PLANNED, due_at=_DUE),
    CauseKind.STOPPED: attempt(OutcomeState.PENDING, ExecutionState.RUNNING, stopped="a replica is behind"),
    CauseKind.IN_LINE: attempt(OutcomeState.PENDING, ExecutionState.RUNNING, wave=3, execution_wave=1),
}


@pytest.mark.parametrize("kind", OPEN)
def test_an_execution_that_goes_on_is_told_for_what_it_waits(kind):
    assert kinds(behind(OPEN[kind])) == [kind]


ENDED = {
    CauseKind.HALTED: attempt(OutcomeState.PENDING, ExecutionState.HALTED, reason="2 of 10 failed"),
    CauseKind.CANCELLED: attempt(OutcomeState.PENDING, ExecutionState.CANCELLED, reason="cancelled by ann"),
    CauseKind.FAILED: attempt(OutcomeState.FAILED, ExecutionState.HALTED, error="broken"),
    CauseKind.TAKEN_BACK: attempt(kind=Work.ROLLBACK, to_version="2"),
}


@pytest.mark.parametrize("kind", ENDED)
def test_an_execution_that_ended_is_told_by_how_it_left_the_tenant(kind):
    said = explain(behind(ENDED[kind]))
    assert [cause.kind for cause in said.causes] == [kind]
    assert said.causes[0].advice


def test_a_failure_of_long_ago_is_no_cause_once_the_tenant_is_current():
    assert kinds(replace(FACTS, attempts=(attempt(OutcomeState.FAILED, ExecutionState.FAILED),))) == []


def test_work_that_only_looked_is_passed_over():
    failed = attempt(OutcomeState.FAILED, ExecutionState.FAILED, error="broken")
    assert kinds(behind(attempt(kind=Work.VALIDATE), failed)) == [CauseKind.FAILED]


def test_what_goes_on_comes_before_what_went_wrong():
    failed = attempt(OutcomeState.FAILED, ExecutionState.FAILED, error="broken")
    assert kinds(behind(OPEN[CauseKind.PAUSED], failed))[0] is CauseKind.PAUSED


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"is_active": False}, CauseKind.RETIRED),
        ({"is_database_active": False}, CauseKind.RETIRED),
        ({"unreachable": "database eu-1 cannot be reached"}, CauseKind.UNREACHABLE),
        ({"disagreements": ("V1__a.sql was changed",)}, CauseKind.DISAGREES),
        ({"breaker": "open since 10:00: it does not answer"}, CauseKind.BREAKER),
        ({"drifted_since": "e1"}, CauseKind.DRIFTED),
        ({"is_ahead": True}, CauseKind.AHEAD),
        ({"exists": False, "version": None, "pending": ("V1__a.sql",)}, CauseKind.NOT_THERE),
        ({"unmet": ("V3__c.sql:1 needs regional version 12",), "pending": ("V3__c.sql",)}, CauseKind.DEPENDENCY),
    ],
)
def test_everything_else_that_explains_it_is_told(more, kind):
    assert kinds(replace(FACTS, **more)) == [kind]


def test_a_database_that_cannot_be_asked_leaves_the_version_open():
    said = explain(replace(FACTS, unreachable="database eu-1 cannot be reached"))
    assert not said.is_current
    assert "is at a version that nobody can ask for now: database eu-1 cannot be reached" in said.sentence
