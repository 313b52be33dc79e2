"""What is published is checked as it will be read back, before anything is stored."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from migrator import client
from migrator.errors import BadPayload, UnknownEventType
from migrator.model.event import EventType, Priority
from migrator.model.publication import SQL_TYPES, event_type, publication

DELETED = {"tenant_id": "7"}
WINDOW = {"maintenance_id": "m", "maintenance_type": "drift"}


class Nobody:
    """A connection that must not be asked."""

    def cursor(self):
        raise AssertionError("the database was asked")


def published(payload=DELETED, type_=EventType.TENANT_DELETED, **options):
    return publication(type_, payload, options)


def test_every_parameter_has_a_value_and_what_was_not_said_is_none():
    values = published()
    assert list(values) == list(SQL_TYPES)
    assert {name: value for name, value in values.items() if value is not None} == {
        "type": "tenant.deleted",
        "payload": '{"tenant_id": "7"}',
    }


def test_moments_and_tuples_are_stored_as_json_knows_them():
    at = datetime(2026, 12, 1, 2, tzinfo=UTC)
    wanted = WINDOW | {"scheduled_time": at, "target_databases": ("one", "two"), "target_schemas": {"b", "a"}}
    stored = json.loads(published(wanted, EventType.MAINTENANCE_SCHEDULED)["payload"])
    assert stored["scheduled_time"] == "2026-12-01T02:00:00+00:00"
    assert (stored["target_databases"], stored["target_schemas"]) == (["one", "two"], ["a", "b"])


@pytest.mark.parametrize(
    ("payload", "options", "sentence"),
    [
        ({}, {}, "tenant_id is missing"),
        ({"tenant_id": 7}, {}, "tenant_id: Input should be a valid string"),
        (DELETED | {"password": "hunter2"}, {}, "password is not a field of this event"),
        ([("tenant_id", "7")], {}, "its payload is not a mapping"),
        (DELETED | {"x": float("nan")}, {}, "its payload cannot be written as JSON"),
        (DELETED, {"id": ""}, "its id is not 1 to 200 printable characters"),
        (DELETED, {"id": "a\nb"}, "its id is not 1 to 200 printable characters"),
        (DELETED, {"priority": "soon"}, "there is no priority soon; there are: critical, high, normal, low"),
        (DELETED, {"metadata": "gold"}, "its metadata is not a mapping"),
        (DELETED, {"metadata": {1: float("inf")}}, "its metadata cannot be written as JSON"),
    ],
)
def test_a_mistake_is_told_before_the_database_is_asked(payload, options, sentence):
    with pytest.raises(BadPayload) as caught:
        client.publish(Nobody(), "tenant.deleted", payload, **options)
    assert str(caught.value).startswith("event tenant.deleted was refused, nothing was done: ")
    assert sentence in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("event", ["tenant.exploded", "", "tenant_deleted"])
def test_a_type_that_does_not_exist_is_told_with_those_that_do(event):
    with pytest.raises(UnknownEventType, match=r"there are: database\.created, "):
        client.publish(Nobody(), event, DELETED)


def test_a_type_may_be_given_as_itself_or_by_its_name():
    assert event_type("tenant.deleted") is event_type(EventType.TENANT_DELETED) is EventType.TENANT_DELETED


def test_a_moment_without_a_time_zone_is_utc_and_another_zone_is_kept():
    plain, cet = datetime(2026, 12, 1, 2), timezone(timedelta(hours=1))
    assert published(scheduled_at=plain)["scheduled_at"] == plain.replace(tzinfo=UTC)
    assert published(scheduled_at=plain.replace(tzinfo=cet))["scheduled_at"].utcoffset() == timedelta(hours=1)


def test_what_postgresql_cannot_store_in_json_is_replaced():
    values = published(DELETED | {"labels": {"a": "x\x00y"}} | {"tenant_slug": "x"}, EventType.TENANT_UPDATED)
    assert json.loads(values["payload"])["labels"] == {"a": "x\ufffdy"}
    assert json.loads(published(metadata={"note": "x\x00y"})["metadata"]) == {"note": "x\ufffdy"}


def test_a_priority_may_be_given_as_itself():
    assert published(priority=Priority.LOW)["priority"] == "low"


class Cursor:
    """Notes what a driver's cursor is told."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def execute(self, statement, values):
        self.said = statement % {name: f"<{name}>" for name in values}

    def fetchone(self):
        return {"id": "e1"}

    def cursor(self):
        return self


def test_values_travel_as_parameters_and_never_in_the_statement():
    cursor = Cursor()
    assert client.publish(cursor, "tenant.deleted", {"tenant_id": "'; DROP TABLE event; --"}) == "e1"
    assert cursor.said.startswith(
        "SELECT migrator.publish(type => CAST(<type> AS text), payload => CAST(<payload> AS jsonb), id => "
    )
    assert "DROP" not in cursor.said
