"""Events that wait for their time, executions with a window, and executions that want the same targets."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from small_fleet import ALL_AT_ONCE, FOLDERS, done, found, lane, register
from waiting import eventually

from migrator.fleet import claims, events, ledger, steering, waves
from migrator.fleet.ledger import Request
from migrator.model.event import Event, EventStatus, EventType, Priority
from migrator.model.execution import ExecutionState, Work
from migrator.model.next_step import Step, next_step
from migrator.model.plan import by_scope, make_plan
from migrator.model.window import Window
from migrator.watch.report import execution_report

NOW, HOUR = datetime.now(UTC), timedelta(hours=1)
OPEN, LATER, OVER = (
    Window(NOW - HOUR, NOW + HOUR),
    Window(NOW + HOUR, NOW + 2 * HOUR),
    Window(NOW - 2 * HOUR, NOW - HOUR),
)
SCHEDULED = Event("m1", EventType.MAINTENANCE_SCHEDULED, {"maintenance_id": "m1"}, Priority.LOW)


def take_due(store):
    with store.begin() as connection:
        return [(row.id, row.type, row.priority) for row in events.take_due(connection)]


def status(store, event_id="m1"):
    with store.begin() as connection:
        return events.find(connection, event_id).status


def schedule(store, at, event=SCHEDULED):
    with store.begin() as connection:
        return events.schedule(connection, event, at)


def test_an_event_is_scheduled_once(store):
    assert schedule(store, LATER.opens)
    assert not schedule(store, NOW, replace(SCHEDULED, payload={}))
    with store.begin() as connection:
        stored = events.find(connection, "m1")
    assert (stored.status, stored.scheduled_at, stored.payload) == (
        EventStatus.PENDING,
        LATER.opens,
        {"maintenance_id": "m1"},
    )


def test_an_event_is_not_due_before_its_time_and_then_taken_once(store):
    schedule(store, LATER.opens)
    schedule(store, NOW - HOUR, replace(SCHEDULED, id="m2"))
    assert take_due(store) == [("m2", "maintenance.scheduled", "low")]
    assert take_due(store) == []
    assert (status(store, "m1"), status(store, "m2")) == (EventStatus.PENDING, EventStatus.PROCESSING)


def test_two_that_look_at_the_same_time_never_take_the_same_event(store):
    for number in range(4):
        schedule(store, NOW - HOUR, replace(SCHEDULED, id=f"m{number}"))
    with store.begin() as one, store.begin() as other:
        other.exec_driver_sql("SET LOCAL lock_timeout = '2s'")  # it must not wait at all
        assert len(events.take_due(one)) == 4
        assert len(events.take_due(other)) == 0


def test_what_was_taken_by_somebody_who_died_is_due_again(store):
    schedule(store, NOW - HOUR)
    with store.begin() as connection:
        assert events.take_due(connection)
        connection.rollback()
    assert take_due(store) == [("m1", "maintenance.scheduled", "low")]


def test_an_event_that_was_taken_and_never_sent_is_stranded(store):
    schedule(store, NOW - HOUR)
    take_due(store)

    def stranded():
        with store.begin() as connection:
            return [row.id for row in events.take_stranded(connection, 0.05)]

    assert eventually(stranded) == ["m1"]


def test_an_event_that_came_early_waits_in_the_ledger_and_is_not_stranded(store):
    with store.begin() as connection:
        events.receive(connection, SCHEDULED)
        events.postpone(connection, "m1", LATER.opens)
    assert (status(store), take_due(store)) == (EventStatus.PENDING, [])
    with store.begin() as connection:
        assert events.take_stranded(connection, 0) == []


def test_an_event_that_has_ended_is_not_postponed(store):
    with store.begin() as connection:
        events.receive(connection, SCHEDULED)
        events.complete(connection, "m1", {})
        events.postpone(connection, "m1", NOW - HOUR)
    assert (status(store), take_due(store)) == (EventStatus.COMPLETED, [])


def test_an_event_that_was_called_off_before_its_time_never_comes_due(store):
    schedule(store, NOW - HOUR)

    def call_off():
        with store.begin() as connection:
            return events.call_off(connection, "m1", "it was called off")

    assert (call_off(), call_off()) == (True, False)
    assert (status(store), take_due(store)) == (EventStatus.FAILED, [])


def test_an_event_that_is_being_carried_out_cannot_be_called_off(store):
    schedule(store, NOW - HOUR)
    take_due(store)
    with store.begin() as connection:
        assert not events.call_off(connection, "m1", "too late")
    assert status(store) is EventStatus.PROCESSING


def opened(store, window=None, id_="e1", count=4, rollout=ALL_AT_ONCE, work=Work.ANALYZE):
    with store.begin() as connection:
        register(connection, found(count))
        events.receive(connection, Event(id_, EventType.MAINTENANCE_SCHEDULED))
        more = {"window_seconds": 3600.0, "window_every": 86400.0}
        request = Request("ann", FOLDERS, rollout=rollout, window=window, work=work, more=more)
        ledger.open_execution(connection, id_, make_plan(by_scope(found(count)), rollout), request)


def step(store, id_="e1"):
    """What the execution does next, asked as rollout.drive does."""
    with store.begin() as connection:
        return next_step(ledger.standing(connection, id_), 30)


def send(store, id_="e1", wave=1):
    with store.begin() as connection:
        waves.note_sent(connection, id_, wave)


def state(store, id_="e1"):
    with store.begin() as connection:
        return ledger.execution(connection, id_).state


def test_an_execution_waits_for_its_window(store, row):
    opened(store, LATER)
    assert (row().state, row().due_at, row().window_closes) == ("planned", LATER.opens, LATER.closes)
    assert step(store) is Step.WAIT


def test_an_execution_begins_when_its_window_is_open(store, claim):
    opened(store, OPEN)
    assert step(store) is Step.SEND_WAVE
    send(store)
    assert len(claim(lane())) == 4


def test_no_target_is_claimed_when_the_window_is_over(store, claim):
    opened(store, OVER)
    send(store)
    assert claim(lane()) == []


def test_a_lane_is_told_to_stop_when_the_window_closes_and_what_it_did_counts(store, claim, row):
    opened(store, Window(NOW - HOUR, datetime.now(UTC) + timedelta(seconds=1.5)))
    send(store)
    first, second, *_ = claim(lane())

    def write(claimed):
        with store.begin() as connection:
            return claims.write_outcomes(connection, "e1", [done(claimed)])

    assert write(first).goes_on
    eventually(lambda: datetime.now(UTC) > row().window_closes)
    late = write(second)
    assert (late.count, late.goes_on, row().done) == (1, False, 2)


def test_what_is_left_rolls_over_and_is_claimed_in_the_next_window(store, claim, row):
    opened(store, OVER)
    send(store)
    assert step(store) is Step.ROLL_OVER
    with store.begin() as connection:
        waves.roll_over(connection, "e1", LATER)
        steering.note(connection, "e1", "roll_over", "upkeep")
    assert (row().state, row().due_at, row().window_closes) == ("planned", LATER.opens, LATER.closes)
    assert step(store) is Step.WAIT
    with store.begin() as connection:
        waves.roll_over(connection, "e1", OPEN)
        steering.note(connection, "e1", "roll_over", "upkeep")
    assert step(store) is Step.SEND_AGAIN
    with store.begin() as connection:
        waves.note_sent_again(connection, "e1")
        assert execution_report(connection, "e1", "running")["windows"] == 3
    assert len(claim(lane())) == 4


def test_an_execution_that_was_cancelled_before_its_window_still_waits_for_it_when_it_is_retried(store, row):
    opened(store, LATER)
    with store.begin() as connection:
        steering.cancel(connection, "e1", "ann")
        assert steering.retry(connection, "e1", "ann") == 4
    assert (row().state, row().due_at, step(store)) == ("planned", LATER.opens, Step.WAIT)


def test_a_window_that_passed_while_nobody_looked_is_waited_for_again(store):
    opened(store, OVER)
    assert step(store) is Step.ROLL_OVER


def test_an_execution_that_waits_for_its_window_is_looked_at_when_that_opens(store):
    opened(store, LATER)

    def looked_at():
        with store.begin() as connection:
            return [row.id for row in ledger.open_executions(connection, rest=3600)]

    assert looked_at() == []
    with store.begin() as connection:
        waves.roll_over(connection, "e1", Window(datetime.now(UTC), LATER.closes))
    assert eventually(looked_at) == ["e1"]
    with store.begin() as connection:
        ledger.nudge(connection, "e1")
    assert looked_at() == []


def test_the_second_execution_over_a_target_waits_and_names_the_first(store):
    opened(store, id_="e1")
    send(store, "e1")
    opened(store, id_="e2", count=1)
    with store.begin() as connection:
        second = ledger.execution(connection, "e2")
        assert [row.id for row in ledger.waiting_for(connection, "e1")] == ["e2"]
    assert (second.state, second.waits_for, step(store, "e2")) == ("pending", "e1", Step.WAIT)


@pytest.mark.parametrize("end", [ExecutionState.COMPLETED, ExecutionState.CANCELLED, ExecutionState.HALTED])
def test_the_second_execution_goes_on_when_the_first_has_ended_however_it_did(store, end):
    opened(store, id_="e1")
    send(store, "e1")
    opened(store, id_="e2")
    with store.begin() as connection:
        assert ledger.move(connection, "e1", end)
    assert step(store, "e2") is Step.SEND_WAVE


def test_the_second_execution_waits_no_longer_than_for_the_targets_that_both_have(store, claim):
    opened(store, id_="e1")
    send(store, "e1")
    opened(store, id_="e2", count=1)
    with store.begin() as connection:
        claims.write_outcomes(connection, "e1", [done(c) for c in claims.claim(connection, lane(), 1)])
    assert step(store, "e2") is Step.SEND_WAVE


def test_one_that_waits_for_its_window_stops_nobody_and_goes_on_behind_who_is_at_work(store):
    opened(store, LATER, id_="e1")
    opened(store, id_="e2")
    assert (state(store, "e2"), step(store, "e2")) == ("running", Step.SEND_WAVE)
    send(store, "e2")
    with store.begin() as connection:
        waves.roll_over(connection, "e1", OPEN)  # its window opens
    assert (step(store, "e1"), state(store, "e1")) == (Step.WAIT, "pending")
    with store.begin() as connection:
        assert ledger.execution(connection, "e1").waits_for == "e2"
        ledger.move(connection, "e2", ExecutionState.COMPLETED)
    assert step(store, "e1") is Step.SEND_WAVE


def test_one_whose_window_is_open_goes_before_those_that_came_later(store):
    opened(store, OPEN, id_="e1")
    opened(store, id_="e2")
    assert (step(store, "e2"), step(store, "e1")) == (Step.WAIT, Step.SEND_WAVE)


def test_of_two_that_wait_the_earlier_goes_first(store):
    for id_ in ("e1", "e2", "e3"):
        opened(store, id_=id_)
    send(store, "e1")
    assert (step(store, "e2"), step(store, "e3")) == (Step.WAIT, Step.WAIT)
    with store.begin() as connection:
        ledger.move(connection, "e1", ExecutionState.COMPLETED)
    assert (step(store, "e3"), step(store, "e2")) == (Step.WAIT, Step.SEND_WAVE)


def test_two_that_were_opened_at_the_same_time_and_saw_nothing_of_each_other_do_not_both_begin(store):
    with store.begin() as connection:
        register(connection, found(2))
    with store.begin() as one, store.begin() as other:
        for connection, id_ in ((one, "e1"), (other, "e2")):
            events.receive(connection, Event(id_, EventType.MIGRATION_REQUESTED))
            ledger.open_execution(connection, id_, make_plan(by_scope(found(2)), ALL_AT_ONCE), Request("ann", FOLDERS))
    assert (state(store, "e1"), state(store, "e2")) == ("running", "running")
    assert (step(store, "e2"), step(store, "e1")) == (Step.WAIT, Step.SEND_WAVE)
    assert state(store, "e2") == "pending"


def test_a_paused_execution_keeps_its_targets(store):
    opened(store, id_="e1")
    send(store, "e1")
    opened(store, id_="e2")
    with store.begin() as connection:
        steering.pause(connection, "e1", "ann")
    assert step(store, "e2") is Step.WAIT
