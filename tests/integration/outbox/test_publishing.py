"""An event is stored with its publisher's transaction, or not at all."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg2
import pytest
from payloads import LATER, tenant
from psycopg2.extras import RealDictCursor
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from migrator import client
from migrator.errors import BadPayload
from migrator.fleet import events
from migrator.model.event import EventStatus, EventType
from migrator.model.publication import SQL_TYPES


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


MANUAL = (Path(__file__).parents[3] / "docs" / "events.md").read_text(encoding="utf-8")

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


def test_a_connection_of_psycopg_may_publish(server, control, ids):
    psycopg = pytest.importorskip("psycopg")
    with psycopg.connect(server.url(control)) as connection:
        assert client.publish(connection, "tenant.created", tenant(1), id="psycopg") == "psycopg"
    assert ids() == ["psycopg"]
