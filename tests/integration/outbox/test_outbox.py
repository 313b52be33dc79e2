"""The outbox hands out what may be sent, in order, and late only when it could be sent."""

from __future__ import annotations

import gc
import json
import threading
from datetime import UTC, datetime, timedelta

import pytest
from payloads import LATER, tenant
from sqlalchemy import text
from waiting import eventually

from migrator import client
from migrator.errors import BadPayload, ControlDatabaseUnreachable, MigratorError
from migrator.fleet import events, outbox, registry
from migrator.model.event import EventStatus, EventType
from migrator.model.target import Database, DatabaseKind


def lag(store):
    with store.begin() as connection:
        return outbox.relay_lag(connection)


def test_events_of_one_tenant_go_out_one_after_the_other_and_others_pass_by(publish, ids, end):
    publish("tenant.created", tenant(1), id="a1")
    publish("tenant.updated", {"tenant_id": "1", "tenant_slug": "x"}, id="a2")
    publish("tenant.created", tenant(2), id="b1")
    publish("tenant.deleted", {"tenant_id": "1"}, id="a3")
    assert (ids(), ids()) == (["a1", "b1"], [])
    end("a1")
    assert (ids(), ids()) == (["a2"], [])
    end("a2")
    assert ids() == ["a3"]


def test_an_event_that_is_tried_again_still_keeps_the_next_one_waiting(publish, ids, store):
    publish("tenant.created", tenant(1), id="a1")
    publish("tenant.deleted", {"tenant_id": "1"}, id="a2")
    assert ids() == ["a1"]
    with store.begin() as connection:
        events.note_retry(connection, "a1", EventType.TENANT_CREATED, "for now")
    assert ids() == []
    with store.begin() as connection:
        events.fail(connection, "a1", EventType.TENANT_CREATED, "for good")
    assert ids() == ["a2"]


def test_an_event_that_is_due_later_waits_and_keeps_nobody_waiting(publish, ids, query, control, end):
    publish("tenant.deleted", {"tenant_id": "1"}, id="later", scheduled_at=LATER)
    publish("tenant.created", tenant(1), id="now")
    assert ids() == ["now"]
    query(control, "UPDATE migrator.event SET scheduled_at = now() WHERE id = 'later'")
    assert ids() == []
    end("now")
    assert ids() == ["later"]


def test_a_tenant_waits_for_its_database_while_that_is_about_to_be_registered(publish, ids, store):
    where = {"database_name": "one", "connection_type": "tenant", "region": "eu", "host": "h", "username": "u"}
    publish("database.created", {"database_id": "one", "port": 5432, **where}, id="d")
    publish("tenant.created", tenant(1), id="t")
    publish("tenant.created", tenant(2, database_id="two"), id="elsewhere")
    assert (ids(), ids()) == (["d", "elsewhere"], [])
    with store.begin() as connection:
        registry.add_database(connection, Database("one", "one", DatabaseKind.TENANT))
    assert ids() == ["t"]


def test_the_most_urgent_go_first_however_many_were_published_before(publish, ids):
    for number in range(5):
        publish("tenant.created", tenant(number), id=str(number), priority="low")
    publish("rollback.requested", {"execution_id": "x", "requested_by": "ann"}, id="urgent")
    assert ids(most=2) == ["urgent", "0"]


def test_what_one_relay_has_in_hand_another_passes_by_and_gets_when_the_first_dies(publish, ids, store):
    for number in range(4):
        publish("tenant.created", tenant(number), id=str(number))

    def dies():
        with store.begin() as connection:
            assert [event.id for event in outbox.take(connection, 2)] == ["0", "1"]
            assert ids() == ["2", "3"]
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        dies()
    assert ids() == ["0", "1"]


def test_a_relay_that_says_nothing_more_loses_what_it_has_in_hand(publish, ids, store, query, control):
    publish("tenant.created", tenant(1), id="a")

    def goes_silent():
        with store.begin() as connection:
            outbox.take(connection, 1, hold=1)
            eventually(lambda: ids() == ["a"])
            outbox.mark_sent(connection, ["a"])

    with pytest.raises(MigratorError):
        goes_silent()
    assert query(control, "SELECT sends FROM migrator.event") == [(1,)]


def test_what_was_sent_and_never_taken_up_is_unsent_again_with_ever_more_patience(publish, ids, store, query, control):
    publish("tenant.created", tenant(1), id="lost")
    publish("tenant.created", tenant(2), id="arrived")
    assert ids() == ["lost", "arrived"]
    query(control, "UPDATE migrator.event SET status = 'processing', processed_at = now() WHERE id = 'arrived'")

    def unsent(patience):
        with store.begin() as connection:
            return [event.id for event in outbox.unsend_lost(connection, patience)]

    assert unsent(60) == []
    query(control, "UPDATE migrator.event SET sent_at = now() - interval '61 seconds'")
    assert unsent(60) == ["lost"]
    assert ids() == ["lost"]
    query(control, "UPDATE migrator.event SET sent_at = now() - interval '61 seconds'")
    assert unsent(60) == []
    query(control, "UPDATE migrator.event SET sent_at = now() - interval '121 seconds'")
    assert unsent(60) == ["lost"]


def test_what_came_early_and_was_postponed_is_upkeeps_and_not_sent_twice(publish, ids, store, query, control):
    at = datetime.now(UTC) + timedelta(hours=1)
    publish(
        "maintenance.scheduled",
        {"maintenance_id": "m", "maintenance_type": "migrate", "scheduled_time": at},
        id="early",
    )
    assert ids() == ["early"]
    with store.begin() as connection:
        events.postpone(connection, "early", at)
    query(control, "UPDATE migrator.event SET sent_at = now() - interval '1 day'")
    with store.begin() as connection:
        assert (outbox.unsend_lost(connection, 1), events.take_due(connection)) == ([], [])
    query(control, "UPDATE migrator.event SET scheduled_at = now()")
    assert ids() == []
    with store.begin() as connection:
        assert [event.id for event in events.take_due(connection)] == ["early"]


def test_upkeep_leaves_due_events_that_were_published_to_the_relay(publish, ids, store):
    publish("tenant.created", tenant(1), id="a", scheduled_at=datetime.now(UTC))
    with store.begin() as connection:
        assert events.take_due(connection) == []
    assert ids() == ["a"]


def test_a_worker_that_takes_up_an_event_fills_in_how_often_it_is_tried_again(publish, ids, store):
    publish("tenant.created", tenant(1), id="as-settings")
    publish("tenant.created", tenant(2), id="as-asked", max_retries=0)
    ids()
    with store.begin() as connection:
        for event_id in ("as-settings", "as-asked"):
            event = events.find(connection, event_id)
            taken = events.receive(connection, type(event)(event_id, EventType.TENANT_CREATED, max_retries=7))
            assert (taken.status, taken.max_retries) == ("processing", {"as-settings": 7, "as-asked": 0}[event_id])


def test_an_event_that_is_refused_keeps_no_field_that_it_should_not_have(connection):
    payload = tenant(1, password="hunter2")
    connection.execute(text("SELECT publish('tenant.created', CAST(:p AS jsonb), 'a')"), {"p": json.dumps(payload)})
    (taken,) = outbox.take(connection, 1)
    outbox.refuse(connection, taken, BadPayload(type="tenant.created", reason="password is not a field of this event"))
    event = events.find(connection, "a")
    assert (event.status, event.exit_code) == (EventStatus.FAILED, 2)
    assert "password is not a field" in event.error_message
    assert event.payload == tenant(1)


def test_relay_lag_is_that_of_the_oldest_event_that_could_be_sent_now(publish, ids, end, store, query, control):
    assert lag(store) is None
    publish("tenant.deleted", {"tenant_id": "9"}, scheduled_at=LATER)
    assert lag(store) is None
    publish("tenant.created", tenant(1), id="a1")
    publish("tenant.deleted", {"tenant_id": "1"}, id="a2")
    query(control, "UPDATE migrator.event SET created_at = now() - interval '100 seconds'")
    assert 100 <= lag(store) < 200
    assert ids() == ["a1"]
    assert lag(store) is None, "a2 waits for a1, and is not late"
    end("a1")
    assert lag(store) < 90, "a2 could be sent only since a1 ended"
    assert ids() == ["a2"]
    assert lag(store) is None


def test_a_listener_hears_of_a_publication_when_it_commits_and_of_an_end_that_lets_another_go(
    store, application, publish, ids, end
):
    with outbox.listen(store) as listener:
        client.publish(application, "tenant.created", tenant(1), id="a1")
        assert not listener.wait(0.05)
        application.commit()
        assert listener.wait(10)
        publish("tenant.deleted", {"tenant_id": "1"}, id="a2")
        publish("tenant.created", tenant(2), id="b1")
        ids()
        while listener.wait(0.2):
            pass
        end("b1")
        assert not listener.wait(0.05), "nobody waits for tenant 2"
        end("a1")
        assert listener.wait(10)


def test_a_listener_that_was_rung_waits_no_longer_and_leaves_quietly(store, caplog, query, control):
    with outbox.listen(store) as listener:
        threading.Timer(0.05, listener.ring).start()
        assert listener.wait(30)
    listener.ring()
    left = f"SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%LISTEN migr%' AND datname = '{control}'"
    eventually(lambda: query("postgres", left) == [(0,)])
    gc.collect()
    assert caplog.text == ""


def test_a_listener_whose_connection_was_cut_says_so(store, query, control, caplog):
    with outbox.listen(store) as listener:
        ours = f"FROM pg_stat_activity WHERE application_name = 'migrator control' AND datname = '{control}'"
        query("postgres", f"SELECT pg_terminate_backend(pid, 5000) {ours}")
        with pytest.raises(ControlDatabaseUnreachable):
            eventually(lambda: not listener.wait(10))  # it hears the farewell, then the end
    gc.collect()
    assert caplog.text == ""


def test_unsent_events_are_listed_alone(publish, ids, store):
    publish("tenant.created", tenant(1), id="sent")
    ids()
    publish("tenant.created", tenant(2), id="unsent")
    with store.begin() as connection:
        assert [event.id for event in events.newest(connection, unsent=True)] == ["unsent"]
        assert len(events.newest(connection)) == 2
