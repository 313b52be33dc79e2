"""Stored events: an id counts once, and what was said first stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from small_fleet import found, opened
from sqlalchemy.exc import IntegrityError
from waiting import eventually

from migrator.errors import EventNotRetried, MigratorError, UnknownEvent
from migrator.fleet import events, ledger
from migrator.model.event import Event, EventStatus, EventType, Priority
from migrator.model.execution import ExecutionState
from migrator.model.storable import storable

CREATED = Event("e1", EventType.TENANT_CREATED, {"tenant_id": "7"}, Priority.HIGH, triggered_by="gen1@host")


@pytest.fixture
def connection(store):
    with store.begin() as open_:
        yield open_


def stored(connection, event_id="e1"):
    return events.find(connection, event_id)


def test_a_new_event_is_stored_as_it_came_and_taken_up(connection):
    event = events.receive(connection, CREATED)
    assert event.status is EventStatus.PROCESSING
    assert (event.type, event.payload, event.priority) == (CREATED.type, CREATED.payload, Priority.HIGH)
    assert (event.triggered_by, event.retry_count, event.max_retries) == ("gen1@host", 0, 3)
    assert event.created_at is not None


def test_an_id_that_is_known_keeps_its_first_payload(connection):
    events.receive(connection, CREATED)
    again = events.receive(connection, replace(CREATED, payload={}, type=EventType.TENANT_DELETED))
    assert (again.payload, again.type) == ({"tenant_id": "7"}, EventType.TENANT_CREATED)


def test_an_event_that_is_tried_again_says_why_and_how_often(connection):
    events.receive(connection, CREATED)
    events.note_retry(connection, "e1", CREATED.type, "database eu-1 cannot be reached")
    waiting = stored(connection)
    assert (waiting.status, waiting.retry_count) == (EventStatus.RETRYING, 1)
    assert waiting.error_message == "database eu-1 cannot be reached"
    taken = events.receive(connection, replace(CREATED, retry_count=1))
    assert (taken.status, taken.retry_count) == (EventStatus.PROCESSING, 1)


def test_twins_that_are_tried_again_beside_each_other_are_not_added_up(connection):
    events.receive(connection, CREATED)
    for count in (1, 1, 2, 2, 1):
        events.receive(connection, replace(CREATED, retry_count=count - 1))
        events.note_retry(connection, "e1", CREATED.type, "away", count)
    assert stored(connection).retry_count == 2


def test_a_message_that_came_back_with_lost_workers_is_no_try_more_than_there_may_be(connection):
    events.receive(connection, replace(CREATED, max_retries=1))
    for count in (1, 2, 3):
        events.note_retry(connection, "e1", CREATED.type, "worker lost", count)
        events.receive(connection, replace(CREATED, retry_count=count))
    assert (stored(connection).retry_count, stored(connection).max_retries) == (1, 1)


def test_a_completed_event_has_its_report_and_no_reason(connection):
    events.receive(connection, CREATED)
    events.note_retry(connection, "e1", CREATED.type, "for now")
    events.complete(connection, "e1", {"summary": "done", "changed": 1})
    ended = stored(connection)
    assert (ended.status, ended.report, ended.error_message) == (
        EventStatus.COMPLETED,
        {"summary": "done", "changed": 1},
        None,
    )
    assert ended.completed_at is not None


@pytest.mark.parametrize("report", [None, {"failed": 1}])
def test_a_failed_event_has_its_reason_and_perhaps_a_report(connection, report):
    events.receive(connection, CREATED)
    events.fail(connection, "e1", CREATED.type, "it broke", report=report)
    ended = stored(connection)
    assert (ended.status, ended.error_message, ended.report) == (EventStatus.FAILED, "it broke", report)


@pytest.mark.parametrize(
    "again",
    [
        lambda c: events.receive(c, CREATED),
        lambda c: events.complete(c, "e1", {"summary": "later"}),
        lambda c: events.fail(c, "e1", CREATED.type, "later"),
        lambda c: events.note_retry(c, "e1", CREATED.type, "later"),
    ],
    ids=["receive", "complete", "fail", "retry"],
)
@pytest.mark.parametrize(
    "end",
    [lambda c: events.complete(c, "e1", {"summary": "first"}), lambda c: events.fail(c, "e1", CREATED.type, "first")],
    ids=["completed", "failed"],
)
def test_an_end_stays_as_it_was(connection, end, again):
    events.receive(connection, CREATED)
    end(connection)
    before = stored(connection)
    again(connection)
    assert stored(connection) == before


def test_an_unknown_event_is_none(connection):
    assert stored(connection, "absent") is None


@pytest.mark.parametrize("value", ["a\x00b", "\ud800", float("nan")], ids=["nul", "surrogate", "nan"])
def test_a_payload_that_json_columns_refuse_is_stored_in_a_form_that_they_take(connection, value):
    event = events.receive(connection, replace(CREATED, payload=storable(CREATED.type, {"tenant_id": value})))
    assert event.status is EventStatus.PROCESSING


def test_an_error_of_the_control_database_does_not_show_what_was_written(store):
    secret = replace(CREATED, id="e" * 201, payload={"password": "hunter2"})
    with pytest.raises((IntegrityError, MigratorError)) as caught, store.begin() as connection:
        events.receive(connection, secret)
    assert "hunter2" not in str(caught.value)


def test_events_are_listed_newest_first_and_by_status(store):
    for number in range(3):
        with store.begin() as connection:
            events.receive(connection, replace(CREATED, id=f"e{number}"))
    with store.begin() as connection:
        events.fail(connection, "e1", CREATED.type, "it broke")
        assert [event.id for event in events.newest(connection)] == ["e2", "e1", "e0"]
        assert [event.id for event in events.newest(connection, most=1)] == ["e2"]
        assert [event.id for event in events.newest(connection, EventStatus.FAILED)] == ["e1"]


def test_an_event_that_was_taken_up_and_forgotten_is_stranded_and_taken_once(store):
    with store.begin() as connection:
        events.receive(connection, CREATED)

    def take(patience):
        with store.begin() as connection:
            found = events.take_stranded(connection, patience)
            return [(row.id, row.type, row.priority, row.retry_count) for row in found]

    with store.begin() as connection:
        events.note_retry(connection, "e1", CREATED.type, "away", 2)
    assert take(60) == []
    assert eventually(lambda: take(0.2)) == [("e1", "tenant.created", "high", 2)]
    assert take(60) == []


def test_an_event_with_an_execution_or_an_end_is_not_stranded(store):
    opened(store, found(1), "e1")
    with store.begin() as connection:
        events.receive(connection, replace(CREATED, id="e2"))
        events.complete(connection, "e2", {})
        events.receive(connection, replace(CREATED, id="e3"))
    with store.begin() as connection:
        assert [row.id for row in events.take_stranded(connection, 0)] == ["e3"]


def test_a_running_execution_ends_its_event_itself(store):
    opened(store, found(1), "e1")
    with store.begin() as connection:
        events.fail(connection, "e1", EventType.MIGRATION_REQUESTED, "one task of many broke")
        assert stored(connection).status is EventStatus.PROCESSING
        ledger.move(connection, "e1", ExecutionState.FAILED)
        events.fail(connection, "e1", EventType.MIGRATION_REQUESTED, "1 of 1 targets failed")
        assert stored(connection).status is EventStatus.FAILED


@pytest.mark.parametrize("code", [1, 2, 3])
def test_a_failed_event_keeps_the_exit_code_for_who_waits_for_it(connection, code):
    assert events.receive(connection, CREATED).exit_code == 0
    events.fail(connection, "e1", CREATED.type, "it broke", exit_code=code)
    assert stored(connection).exit_code == code


def test_an_id_that_is_another_types_is_left_alone(connection):
    events.receive(connection, CREATED)
    before = stored(connection)
    events.fail(connection, "e1", EventType.TENANT_DELETED, "not mine")
    events.note_retry(connection, "e1", EventType.TENANT_DELETED, "not mine")
    assert stored(connection) == before


def test_a_dead_letter_is_found_with_its_error_and_starts_once_more_with_who_wanted_it(connection):
    events.receive(connection, CREATED)
    events.note_retry(connection, "e1", CREATED.type, "away")
    events.fail(connection, "e1", CREATED.type, "it was away", error="DatabaseUnreachable")
    [letter] = events.dead_letters(connection)
    assert (letter.id, letter.error, letter.execution_state) == ("e1", "DatabaseUnreachable", None)
    assert events.dead_letters(connection, EventType.DATABASE_CREATED) == []
    assert events.send_again(connection, "e1", "ann")
    assert not events.send_again(connection, "e1", "ann")
    assert (stored(connection).status, stored(connection).retry_count) == (EventStatus.PROCESSING, 0)
    assert events.dead_letters(connection) == []


def test_only_what_failed_is_a_dead_letter(connection):
    with pytest.raises(UnknownEvent):
        events.dead_letter(connection, "e1")
    events.receive(connection, CREATED)
    with pytest.raises(EventNotRetried, match="is processing, and only what failed is sent again"):
        events.dead_letter(connection, "e1")


def test_an_event_that_was_called_off_says_so_to_whoever_would_send_it_again(connection):
    events.schedule(connection, CREATED, datetime.now(UTC))
    events.call_off(connection, "e1", "it was called off by ann")
    assert events.dead_letter(connection, "e1").error == "CalledOff"
