"""The timeline: what happened, from all the tables in which it is written down, in one order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from small_fleet import done, failed, found, lane, opened

from migrator.fleet import alerts, breakers, claims, events, gate, ledger, steering
from migrator.model.breaker import BreakerState
from migrator.model.check import Check, Verdict
from migrator.model.event import Event, EventType
from migrator.model.execution import ExecutionState
from migrator.watch.alerts.limits import Limits
from migrator.watch.alerts.look import look
from migrator.watch.timeline import Kind, timeline

LONG = timedelta(hours=1)


@pytest.fixture
def happened(store):
    """An execution with a wave that is stopped and paused, a breaker, a dead letter sent again, and an alert."""
    opened(store, found(3))
    with store.begin() as connection:
        stop = Check("locks", Verdict.STOP, "5", "somebody holds a lock", "wait")
        gate.lock_look(connection, lane())
        gate.record_look(connection, lane(), [stop], 60.0)
        batch = claims.claim(connection, lane(), 3)
        claims.write_outcomes(connection, "e1", [done(batch[0]), failed(batch[1])])
        steering.pause(connection, "e1", "ann")
        breakers.note(connection, "eu-1", BreakerState.OPEN, "it was refused", "w1")
        breakers.note(connection, "eu-1", BreakerState.CLOSED, "it was reached", "w1")
        events.receive(connection, Event("e9", EventType.TENANT_CREATED))
        events.fail(connection, "e9", EventType.TENANT_CREATED, "it was wrong", error="SchemaRefused")
        events.send_again(connection, "e9", "bob")
    with store.begin() as connection:
        ledger.move(connection, "e1", ExecutionState.CANCELLED, "cancelled by ann")
        events.receive(connection, Event("e8", EventType.TENANT_CREATED))
        events.fail(connection, "e8", EventType.TENANT_CREATED, "it was wrong", error="SchemaRefused")
    with store.begin() as connection:
        look(connection, Limits(), [], 60.0, "a test")
        alerts.silence(connection, alerts.opened(connection)[0].id, 60.0, "eve", "we know")

    def between(since=LONG, until=LONG, **more):
        now = datetime.now(UTC)
        with store.begin() as connection:
            return timeline(connection, now - since, now + until, **more)

    return between


def test_everything_is_there_in_the_order_in_which_it_came(happened):
    all_ = happened()
    assert [each.at for each in all_] == sorted(each.at for each in all_)
    assert {(each.kind, each.what, each.by) for each in all_} == {
        (Kind.EXECUTION, "cancelled", "ann"),
        (Kind.WAVE, "sent", None),
        (Kind.WAIT, "locks", None),
        (Kind.ACTION, "pause", "ann"),
        (Kind.ACTION, "send_again", "bob"),
        (Kind.BREAKER, "open", "w1"),
        (Kind.BREAKER, "closed", "w1"),
        (Kind.ALERT, "fired", None),
        (Kind.ALERT, "silenced", "eve"),
    }


def test_each_has_a_sentence_and_a_breaker_says_from_what_it_went_to_what(happened):
    said = [each.sentence for each in happened()]
    assert "breaker of database eu-1: closed to open: it was refused" in said
    assert "breaker of database eu-1: open to closed: it was reached" in said
    assert "pause of execution e1 by ann" in said
    assert "event e9 sent again by bob, it had failed: it was wrong" in said
    assert "wave 1 of execution e1 sent out: 1 of 3 targets done, 1 failed" in said
    assert any(line.startswith("execution e1 (migrate) asked for by ann: cancelled after") for line in said)
    assert any("silenced by eve: we know" in line for line in said)


def test_only_the_kinds_that_are_asked_for_come_and_of_many_the_newest(happened):
    assert {each.kind for each in happened(kinds=[Kind.BREAKER, Kind.WAVE])} == {Kind.BREAKER, Kind.WAVE}
    newest = happened(most=1)
    assert [(each.kind, each.what) for each in newest] == [(Kind.ALERT, "silenced")]


def test_nothing_of_another_time_comes(happened):
    assert happened(until=-LONG / 2) == []
    assert happened(since=-LONG / 2) == []


def test_a_document_has_moments_in_utc_and_plain_values(happened):
    document = next(each for each in happened() if each.kind is Kind.EXECUTION).document()
    assert document["at"].endswith("+00:00")
    assert (document["kind"], document["execution"], document["facts"]["total"]) == ("execution", "e1", 3)
