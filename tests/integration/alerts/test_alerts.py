"""Alerts in the ledger: fired once, told once, silenced, and over when their cause is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from failing import BROKEN, OPS, fail
from small_fleet import found, register

from migrator.errors import AlertOver, UnknownAlert
from migrator.fleet import alerts, breakers, deliveries, events
from migrator.model.alert import DeliveryState, Severity
from migrator.model.breaker import BreakerState
from migrator.watch.alerts.look import ChannelFilter


def again(store, id_="e9"):
    with store.begin() as connection:
        assert events.send_again(connection, id_, "ann")


def test_a_failed_event_is_told_once_and_so_is_its_end(store, see, shown, sent):
    fail(store)
    assert [each.rule for each in see().fire] == ["event_failed"]
    assert see().fire == ()
    assert sent() == [("fired", "event_failed", "tenant.created SchemaRefused")]
    again(store)
    assert len(see().resolve) == 1
    see()
    assert sent() == [("resolved", "event_failed", "tenant.created SchemaRefused")]
    [row] = shown()
    assert row.resolved_at is not None
    assert BROKEN in row.sentence
    assert "'migrator events retry e9' sends it again" in row.sentence
    with store.begin() as connection:
        assert [each.change for each in alerts.changes(connection, row.id)] == ["fired", "resolved"]


def test_many_events_that_fail_alike_are_one_alert(store, see, shown):
    for number in range(12):
        fail(store, f"e{number}")
    fail(store, "other", error="BadPayload")
    see()
    assert [(row.key, row.facts["count"]) for row in shown()] == [
        ("tenant.created SchemaRefused", 12),
        ("tenant.created BadPayload", 1),
    ]
    assert "retry --all-failed --type tenant.created" in shown()[0].sentence
    assert "Send it anew" in shown()[1].sentence


def test_an_event_that_an_operator_called_off_is_no_failure(store, see):
    fail(store, error="CalledOff")
    assert see().fire == ()


def test_two_that_look_at_once_fire_and_tell_once(store, see, shown, sent):
    for number in range(5):
        fail(store, f"e{number}", error=f"Error{number}")
    together = Barrier(6, timeout=20)

    def hurry(_):
        together.wait()
        return len(see().fire)

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(hurry, range(6))) == 5
    assert len(shown()) == 5
    assert len(sent()) == 5


def test_two_that_deliver_at_once_never_get_the_same_delivery(store, see, take):
    for number in range(5):
        fail(store, f"e{number}", error=f"Error{number}")
    see()
    together = Barrier(6, timeout=20)

    def hurry(_):
        together.wait()
        return take()

    with ThreadPoolExecutor(6) as pool:
        got = [row for row in pool.map(hurry, range(6)) if row is not None]
    assert len(got) == 1  # and none of the channel's others while that one is on its way


def test_a_delivery_whose_sender_died_is_taken_over_and_the_late_sender_counts_no_more(store, see, take):
    fail(store)
    see()
    late = take(seconds=0.0)
    second = take()
    assert (late.id, late.tries, second.id, second.tries) == (second.id, 1, late.id, 2)
    with store.begin() as connection:
        deliveries.end(connection, late, DeliveryState.FAILED, "too late")
        deliveries.end(connection, second, DeliveryState.SENT)
        [row] = deliveries.of_alert(connection, second.alert_id)
    assert (row.state, row.tries, row.error) == ("sent", 2, None)


def test_after_a_failure_the_whole_channel_rests_and_another_one_does_not(store, see, take):
    for number in range(2):
        fail(store, f"e{number}", error=f"Error{number}")
    see(channels=(OPS, ChannelFilter("other")))
    with store.begin() as connection:
        deliveries.postpone(connection, deliveries.claim(connection, "ops", 60.0), 60.0, "it answered 500")
    assert take("ops") is None
    assert take("other") is not None


def test_what_is_over_before_it_was_told_is_told_in_order(store, see, sent):
    fail(store)
    see()
    again(store)
    see()
    assert [kind for kind, _, _ in sent()] == ["fired", "resolved"]


def test_what_cannot_be_sent_for_long_is_given_up_with_the_reason(store, see):
    fail(store)
    see()
    with store.begin() as connection:
        assert deliveries.give_up(connection, 3600.0) == 0
        assert deliveries.give_up(connection, -1.0) == 1
        [row] = deliveries.of_alert(connection, alerts.opened(connection)[0].id)
    assert (row.state, row.error) == ("failed", "no worker knows the channel ops")


def test_a_silenced_alert_is_not_told_and_when_the_silence_is_over_it_is(store, see, shown, sent):
    fail(store)
    see()
    with store.begin() as connection:
        until = alerts.silence(connection, shown()[0].id, 3600.0, "ann", "we know")
    assert sent() == []
    see()
    assert sent() == []
    row = shown()[0]
    assert (row.silenced_by, row.silenced_because, row.silenced_until) == ("ann", "we know", until)
    with store.begin() as connection:
        assert alerts.unsilence(connection, row.id, "bob")
        assert not alerts.unsilence(connection, row.id, "bob")
    see()
    assert sent() == [("fired", "event_failed", "tenant.created SchemaRefused")]
    with store.begin() as connection:
        noted = [(each.change, each.by) for each in alerts.changes(connection, row.id)]
    assert noted == [("fired", None), ("silenced", "ann"), ("unsilenced", "bob")]


def test_what_nobody_was_told_because_of_a_silence_ends_in_silence(store, see, shown, sent):
    fail(store)
    see()
    with store.begin() as connection:
        alerts.silence(connection, shown()[0].id, 3600.0, "ann")
    again(store)
    see()
    assert shown()[0].resolved_at is not None
    assert sent() == []


def test_who_was_told_before_the_silence_is_told_the_end(store, see, shown, sent):
    fail(store)
    see()
    assert len(sent()) == 1
    with store.begin() as connection:
        alerts.silence(connection, shown()[0].id, 3600.0, "ann")
    again(store)
    see()
    assert [kind for kind, _, _ in sent()] == ["resolved"]


def test_only_an_alert_that_is_there_and_open_can_be_silenced(store, see, shown):
    fail(store)
    see()
    again(store)
    see()
    with store.begin() as connection, pytest.raises(AlertOver):
        alerts.silence(connection, shown()[0].id, 60.0, "ann")
    with store.begin() as connection, pytest.raises(UnknownAlert):
        alerts.silence(connection, 4711, 60.0, "ann")


def test_a_channel_is_told_what_it_wants(store, see, sent):
    fail(store)
    see(channels=(ChannelFilter("worst", Severity.CRITICAL), ChannelFilter("beat", rules=frozenset(("beat_silent",)))))
    assert sent("worst") == sent("beat") == []
    see(channels=(ChannelFilter("errors", Severity.ERROR),))
    assert len(sent("errors")) == 1


def test_a_rule_that_is_switched_off_finds_nothing_and_what_it_found_is_over(store, see):
    fail(store)
    see()
    assert len(see(off=frozenset(("event_failed",))).resolve) == 1


def test_a_cause_that_comes_and_goes_is_one_alert(store, see, shown, sent):
    with store.begin() as connection:
        register(connection, found(1))
    for state in (BreakerState.OPEN, BreakerState.CLOSED) * 3:
        with store.begin() as connection:
            breakers.note(connection, "eu-1", state, "it was refused", "w1")
        see(calm=600.0)
    [row] = shown()
    assert (row.times, row.resolved_at, row.calm_since is not None) == (3, None, True)
    assert len(sent()) == 1
