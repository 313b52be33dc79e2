"""The ledger: executions, what becomes of their targets, and the report."""

from __future__ import annotations

import pytest
from small_fleet import FOLDERS, done, failed, found, lane, opened
from waiting import eventually

from migrator.errors import UnknownExecution
from migrator.fleet import claims, events, ledger, waves
from migrator.fleet.ledger import Request
from migrator.model.event import EventType
from migrator.model.execution import ExecutionState
from migrator.model.next_step import Step, next_step
from migrator.model.plan import by_scope, make_plan
from migrator.model.target import Scope, Target
from migrator.watch.report import execution_report


def test_an_execution_is_opened_once(store, row):
    opened(store, found(3), current=7)
    with store.begin() as connection:
        plan = make_plan(by_scope(found(1)))
        assert not ledger.open_execution(connection, "e1", plan, Request("bob", {}))
    assert (row().total, row().skipped, row().requested_by, row().folders) == (3, 7, "ann", FOLDERS)


def test_an_execution_without_targets_is_finished_by_its_next_step(store, glance):
    opened(store, [], current=7)
    assert next_step(glance(), 30) is Step.FINISH


def test_counts_are_kept_along_and_agree_with_the_outcomes(store, claim, write, glance, row):
    opened(store, found(4))
    held = claim(lane(), 3)
    write(done(held[0]), failed(held[1]))
    with store.begin() as connection:
        summed = ledger.summed(connection, "e1")
        free = waves.free_targets(connection, "e1", 1)
    assert (row().done, row().failed) == (summed.done, summed.failed) == (1, 1)
    assert (summed.running, summed.changed, summed.applied, free) == (1, 1, 1, {"eu-1": 1})
    assert (glance().held, glance().pending, glance().failed) == (1, 1, 1)


def test_what_became_of_a_target_is_kept_with_its_facts(store, claim, write):
    opened(store, found(2))
    one, other = claim(lane())
    write(done(one, "V1__a.sql", "V2__b.sql"), failed(other))
    with store.begin() as connection:
        good, bad = ledger.outcomes(connection, "e1")
        assert [f.schema_name for f in ledger.failures(connection, "e1")] == ["tenant_001"]
    assert (good.state, good.from_version, good.to_version, good.applied) == (
        "done",
        "1",
        "2",
        ["V1__a.sql", "V2__b.sql"],
    )
    assert (bad.state, bad.sqlstate, bad.script, bad.line) == ("failed", "42P07", "V2__b.sql", 3)
    assert (bad.error_message, bad.statement) == ("V2__b.sql:3 failed", "CREATE TABLE b ()")


def test_free_targets_fail_together_when_nobody_can_work_on_their_database(store, row, glance):
    opened(store, [*found(3), *found(1, "us-1")])
    with store.begin() as connection:
        claims.fail_free(connection, lane(), "database eu-1 cannot be reached")
        assert {f.error_message for f in ledger.failures(connection, "e1")} == {"database eu-1 cannot be reached"}
    assert (row().failed, glance().pending) == (3, 1)


def test_free_targets_do_not_fail_while_another_lane_is_at_work_on_their_database(store, claim, write, row):
    opened(store, found(3))
    (held,) = claim(lane("one"), 1)
    with store.begin() as connection:
        claims.fail_free(connection, lane("other"), "database eu-1 cannot be reached")
    assert row().failed == 0
    write(done(held))
    with store.begin() as connection:
        claims.fail_free(connection, lane("other"), "database eu-1 cannot be reached")
    assert (row().done, row().failed) == (1, 2)


def test_an_execution_finishes_once(store, row):
    opened(store, found(1))
    with store.begin() as connection:
        ledger.move(connection, "e1", ExecutionState.HALTED, "too many failed")
        ledger.move(connection, "e1", ExecutionState.COMPLETED)
    assert (row().state, row().reason) == ("halted", "too many failed")
    with store.begin() as connection:
        assert [found.id for found in ledger.open_executions(connection, rest=-1)] == ["e1"]  # its event is open
        events.fail(connection, "e1", EventType.MIGRATION_REQUESTED, "halted")
        assert ledger.open_executions(connection, rest=-1) == []


def test_an_execution_that_was_nudged_is_left_alone_for_a_while(store):
    opened(store, found(1))

    def lying(rest):
        with store.begin() as connection:
            return [(found.id, found.type) for found in ledger.open_executions(connection, rest)]

    assert eventually(lambda: lying(0.05)) == [("e1", "migration.requested")]
    with store.begin() as connection:
        ledger.nudge(connection, "e1")
    assert (lying(60), lying(-1)) == ([], [("e1", "migration.requested")])


def test_waves_are_sent_one_after_another_and_never_backwards(store, row):
    opened(store, [Target("admin", "public", Scope.ADMIN), *found(1)])
    for wave, expected in [(1, 1), (2, 2), (1, 2), (2, 2)]:
        with store.begin() as connection:
            waves.note_sent(connection, "e1", wave)
        assert row().wave == expected


def test_an_unknown_execution_is_named(store):
    with store.begin() as connection:
        with pytest.raises(UnknownExecution):
            ledger.standing(connection, "absent")
        with pytest.raises(UnknownExecution, match="there is no execution absent"):
            ledger.execution(connection, "absent")


def test_the_report_sums_up_what_became_of_the_targets(store, claim, write):
    opened(store, found(3), current=7)
    held = claim(lane(), 2)
    write(done(held[0]), failed(held[1]))
    with store.begin() as connection:
        report = execution_report(connection, "e1", "failed")
    counted = {key: report[key] for key in ("total", "done", "failed", "untouched", "skipped", "changed", "applied")}
    assert list(counted.values()) == [3, 1, 1, 1, 7, 1, 1]
    assert [failure["message"] for failure in report["failures"]] == ["V2__b.sql:3 failed"]
    assert "1 failed, first: V2__b.sql:3 failed" in report["summary"]
