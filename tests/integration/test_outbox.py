"""The outbox: stored with its publisher's transaction, handed out in order, and late only when it could be sent."""

from __future__ import annotations

import gc
import json
import re
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg2
import pytest
from psycopg2.extras import RealDictCursor
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session
from waiting import eventually

from migrator import client
from migrator.errors import BadPayload, ControlDatabaseUnreachable, MigratorError
from migrator.fleet import events, outbox, registry
from migrator.model.event import EventStatus, EventType
from migrator.model.publication import SQL_TYPES
from migrator.model.target import Database, DatabaseKind

LATER = datetime.now(UTC) + timedelta(hours=1)


def tenant(number=7, **more):
    where = {"database_id": "one", "schema_name": f"tenant_{number}", "region": "eu"}
    return {"tenant_id": str(number), "tenant_slug": f"tenant {number}", **where, **more}


@pytest.fixture
def connection(store):
    with store.begin() as open_:
        yield open_


@pytest.fixture
def application(server, control):
    """A connection of an application: psycopg2 as it comes."""
    opened = psycopg2.connect(server.url(control))
    yield opened
    opened.close()


@pytest.fixture
def ids(store):
    """Takes what may be sent now, marks it as sent, and gives the ids."""

    def take(most=100, age=0.0):
        with store.begin() as connection:
            taken = [event.id for event in outbox.take(connection, most, age=age)]
            outbox.mark_sent(connection, taken)
        return taken

    return take


@pytest.fixture
def publish(store):
    def stored(event, payload, **options):
        with store.begin() as connection:
            return client.publish(connection, event, payload, **options)

    return stored


@pytest.fixture
def end(store):
    def ended(event_id):
        with store.begin() as connection:
            events.complete(connection, event_id, {"summary": "done"})

    return ended


def lag(store):
    with store.begin() as connection:
        return outbox.relay_lag(connection)


def test_an_event_is_stored_with_all_that_was_said_and_its_id_is_returned(publish, store):
    options = {"priority": "low", "correlation_id": "order-66", "triggered_by": "shop", "max_retries": 5}
    event_id = publish("tenant.created", tenant(), id="e1", metadata={"plan": "gold"}, scheduled_at=LATER, **options)
    with store.begin() as connection:
        event = events.find(connection, event_id)
    assert (event.id, event.type, event.payload) == ("e1", EventType.TENANT_CREATED, tenant())
    assert (event.priority, event.status, event.scheduled_at) == ("low", EventStatus.PENDING, LATER)
    assert (event.correlation_id, event.triggered_by, event.max_retries) == ("order-66", "shop", 5)
    assert event.is_unsent


def test_without_options_it_has_a_new_id_the_priority_of_its_type_and_its_role_as_sender(publish, store):
    first, second = publish("tenant.created", tenant(1)), publish(client.tenant_created, tenant(2))
    assert first != second
    with store.begin() as connection:
        event = events.find(connection, first)
    assert (event.priority, event.triggered_by, event.scheduled_at) == ("high", "postgres", None)


def test_what_was_published_in_a_transaction_that_is_rolled_back_is_nowhere(application, ids, query, control):
    client.publish(application, "tenant.created", tenant(), id="e1")
    application.rollback()
    assert ids() == []
    client.publish(application, "tenant.created", tenant(), id="e1")
    assert ids() == []
    application.commit()
    assert ids() == ["e1"]
    assert query(control, "SELECT count(*) FROM migrator.event") == [(1,)]


def test_the_same_id_again_stores_nothing_and_is_returned(publish, ids, query, control):
    assert publish("tenant.created", tenant(1), id="e1") == publish("tenant.created", tenant(2), id="e1") == "e1"
    assert query(control, "SELECT payload ->> 'tenant_id' FROM migrator.event") == [("1",)]
    assert (ids(), ids()) == (["e1"], [])


def test_sessions_and_connections_of_every_kind_may_publish(server, control, ids):
    url = server.url(control).replace("postgresql://", "postgresql+psycopg2://")
    engine = create_engine(url)
    with Session(engine) as session, session.begin():
        client.publish(session, EventType.TENANT_CREATED, tenant(1), id="session")
    with engine.begin() as connection:
        client.publish(connection, "tenant.created", tenant(2), id="connection")
    engine.dispose()
    plain = psycopg2.connect(server.url(control), cursor_factory=RealDictCursor)
    with plain:
        assert client.publish(plain, "tenant.created", tenant(3), id="psycopg2") == "psycopg2"
    plain.close()
    assert ids() == ["session", "connection", "psycopg2"]


def test_a_wrong_payload_is_refused_before_the_database_is_asked_and_the_transaction_lives(application, ids):
    with pytest.raises(BadPayload, match="plan is not a field of this event"):
        client.publish(application, "tenant.created", tenant(plan="gold"))
    client.publish(application, "tenant.created", tenant(), id="e1")
    application.commit()
    assert ids() == ["e1"]


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        ("'tenant.exploded', '{}'", "there is no event type 'tenant.exploded'; there are: database.created, "),
        ("NULL, '{}'", "there is no event type NULL"),
        ("'tenant.created', '[]'", "its payload is not a JSON object"),
        ("'tenant.created', NULL", "its payload is not a JSON object"),
        ("'tenant.created', '{}', metadata => '1'", "its metadata is not a JSON object"),
        ("'tenant.created', '{}', id => ''", "its id is not 1 to 200 printable characters"),
        ("'tenant.created', '{}', id => E'a\\nb'", "its id is not 1 to 200 printable characters"),
        ("'tenant.created', '{}', priority => 'soon'", "there is no priority 'soon'; there are: critical, high, "),
        ("'tenant.created', '{}', max_retries => -1", "max_retries is not between 0 and 100"),
        ("'tenant.deleted', '{}', id => 'taken'", "its id taken belongs to an event of type tenant.created"),
    ],
)
def test_sql_refuses_in_a_sentence(query, control, call, sentence):
    query(control, "SELECT migrator.publish('tenant.created', '{}', 'taken')")
    with pytest.raises(psycopg2.errors.InvalidParameterValue) as caught:
        query(control, f"SELECT migrator.publish({call})")
    assert "was refused, nothing was stored: " in str(caught.value)
    assert sentence in str(caught.value)


def test_sql_and_python_know_the_same_types_priorities_and_parameters(query, control):
    known = query(control, "SELECT name, priority FROM migrator.event_type ORDER BY name")
    assert known == sorted((type_.value, type_.priority.value) for type_ in EventType)
    of_types = query(control, "SELECT name, subject FROM migrator.event_type WHERE subject IS NOT NULL")
    assert all(name.startswith(f"{subject}.") for name, subject in of_types)
    arguments = "SELECT proargnames, oidvectortypes(proargtypes) FROM pg_proc WHERE proname = 'publish'"
    ((names, types),) = query(control, arguments)
    spoken = {"timestamptz": "timestamp with time zone"}
    assert names == list(SQL_TYPES)
    assert types.split(", ") == [spoken.get(type_, type_) for type_ in SQL_TYPES.values()]


MANUAL = (Path(__file__).parents[2] / "docs" / "events.md").read_text(encoding="utf-8")
GRANTS = re.findall(r"^GRANT .*? TO shop;$", MANUAL, re.MULTILINE)


@pytest.fixture
def role(query, control):
    name = f"app_{control}"
    query(control, f"CREATE ROLE {name} LOGIN")
    for grant in GRANTS:
        query(control, grant.replace(" TO shop", f" TO {name}"))
    yield name
    query(control, f"DROP OWNED BY {name}; DROP ROLE {name}")


def test_an_applications_own_role_may_do_what_the_manual_grants_it_and_nothing_else(application, role):
    with application.cursor() as cursor:
        cursor.execute(f"SET SESSION AUTHORIZATION {role}")
        assert client.publish(application, "tenant.created", tenant(), id="e1") == "e1"
        application.commit()
        cursor.execute("SELECT id, status FROM migrator.event")
        assert cursor.fetchall() == [("e1", "pending")]
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("SELECT payload FROM migrator.event")
        application.rollback()
        cursor.execute("RESET SESSION AUTHORIZATION")
        cursor.execute("SELECT id, triggered_by FROM migrator.event")
        assert cursor.fetchall() == [("e1", role)]


def test_a_role_without_the_grant_may_not_publish(application, role, query, control):
    query(control, f"REVOKE EXECUTE ON FUNCTION migrator.publish FROM {role}")
    with application.cursor() as cursor:
        cursor.execute(f"SET SESSION AUTHORIZATION {role}")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        client.publish(application, "tenant.created", tenant())


def test_tables_that_a_caller_puts_in_front_of_ours_are_not_used(application, role):
    with application.cursor() as cursor:
        cursor.execute(f"SET SESSION AUTHORIZATION {role}")
        cursor.execute("CREATE TEMP TABLE event_type (name text, priority text, subject text)")
        cursor.execute("INSERT INTO event_type VALUES ('tenant.exploded', 'high', 'tenant')")
        cursor.execute("SET search_path = pg_temp, migrator")
        with pytest.raises(psycopg2.errors.InvalidParameterValue, match="there is no event type"):
            cursor.execute("SELECT migrator.publish('tenant.exploded', '{}')")


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


def test_a_connection_of_psycopg_may_publish(server, control, ids):
    psycopg = pytest.importorskip("psycopg")
    with psycopg.connect(server.url(control)) as connection:
        assert client.publish(connection, "tenant.created", tenant(1), id="psycopg") == "psycopg"
    assert ids() == ["psycopg"]
