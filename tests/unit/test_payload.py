"""Payloads at the door: what fits is taken, what does not is refused in one sentence that quotes no value."""

from __future__ import annotations

import pytest

from migrator.errors import BadPayload
from migrator.model.door import parse_payload
from migrator.model.event import EventType
from migrator.model.payload import PAYLOADS

SECRET = "hunter2!"  # no plain identifier, no number, no date, no version
WHEN = "2030-01-01T00:00:00Z"

GOOD = {
    EventType.DATABASE_CREATED: {
        "database_id": "eu-1",
        "database_name": "shop",
        "connection_type": "tenant",
        "region": "eu",
        "host": "db.eu",
        "port": 5432,
        "username": "migrator",
    },
    EventType.DATABASE_UPDATED: {"database_id": "eu-1", "host": "db2.eu"},
    EventType.DATABASE_DELETED: {"database_id": "eu-1"},
    EventType.TENANT_CREATED: {
        "tenant_id": "7",
        "tenant_slug": "acme",
        "database_id": "eu-1",
        "schema_name": "tenant_acme",
        "region": "eu",
    },
    EventType.TENANT_UPDATED: {"tenant_id": "7", "tenant_slug": "acme"},
    EventType.TENANT_DELETED: {"tenant_id": "7"},
    EventType.MAINTENANCE_SCHEDULED: {
        "maintenance_id": "m1",
        "maintenance_type": "validate",
        "target_databases": ["eu-1"],
        "target_schemas": ["tenant_acme"],
        "scheduled_time": WHEN,
        "maintenance_window": 60,
    },
    EventType.MIGRATION_REQUESTED: {"request_id": "r1", "scope": "tenant", "requested_by": "ann"},
    EventType.ROLLBACK_REQUESTED: {"execution_id": "e1", "requested_by": "ann"},
}
CREATED = GOOD[EventType.TENANT_CREATED]

every_type = pytest.mark.parametrize("type_", list(EventType), ids=str)


def refusal(type_: EventType, fields) -> str:
    with pytest.raises(BadPayload) as caught:
        parse_payload(type_, fields)
    return str(caught.value)


@every_type
def test_the_least_that_an_event_needs_is_taken(type_):
    payload = parse_payload(type_, GOOD[type_])
    assert isinstance(payload, PAYLOADS[type_])


@every_type
def test_every_required_field_that_is_missing_is_named(type_):
    required = [name for name, field in PAYLOADS[type_].model_fields.items() if field.is_required()]
    said = refusal(type_, {})
    assert said.startswith(f"event {type_.value} was refused, nothing was done: ")
    assert all(f"{name} is missing" in said for name in required)


@every_type
def test_an_unknown_field_is_refused(type_):
    assert "auto_migrat is not a field of this event" in refusal(type_, GOOD[type_] | {"auto_migrat": True})


@every_type
def test_a_refusal_is_one_line(type_):
    said = refusal(type_, {"password": SECRET})
    assert "\n" not in said
    assert said.startswith(f"event {type_.value} was refused")


def test_all_mistakes_are_in_one_sentence():
    said = refusal(EventType.TENANT_CREATED, {"tenant_id": "", "schema_name": "pg_x", "passwd": 1, "region": "eu"})
    for mistake in ("tenant_id:", "tenant_slug is missing", "database_id is missing", "schema_name:", "passwd is not"):
        assert mistake in said


@pytest.mark.parametrize(
    ("type_", "field", "value"),
    [
        (EventType.DATABASE_CREATED, "port", SECRET),
        (EventType.DATABASE_CREATED, "connection_type", SECRET),
        (EventType.DATABASE_CREATED, "migration_timeout", SECRET),
        (EventType.DATABASE_CREATED, "auto_migrate", SECRET),
        (EventType.DATABASE_CREATED, "password", SECRET),
        (EventType.DATABASE_CREATED, "host", [SECRET]),
        (EventType.DATABASE_CREATED, "username", f"{SECRET}\n"),
        (EventType.TENANT_CREATED, "schema_name", SECRET),
        (EventType.TENANT_CREATED, "template_version", SECRET),
        (EventType.TENANT_UPDATED, "schema_name", SECRET),
        (EventType.MAINTENANCE_SCHEDULED, "scheduled_time", SECRET),
        (EventType.MAINTENANCE_SCHEDULED, "maintenance_window", SECRET),
        (EventType.MAINTENANCE_SCHEDULED, "target_schemas", [SECRET]),
        (EventType.MIGRATION_REQUESTED, "scope", SECRET),
        (EventType.MIGRATION_REQUESTED, "target_schemas", [SECRET]),
        (EventType.MIGRATION_REQUESTED, "target_databases", SECRET),
        (EventType.MIGRATION_REQUESTED, "to_version", SECRET),
        (EventType.ROLLBACK_REQUESTED, "strategy", SECRET),
        (EventType.ROLLBACK_REQUESTED, "target_version", SECRET),
    ],
)
def test_a_password_in_a_wrong_field_is_not_quoted_back(type_, field, value):
    said = refusal(type_, GOOD[type_] | {field: value})
    assert field in said
    assert SECRET not in said


@pytest.mark.parametrize(
    ("type_", "field", "value"),
    [
        (EventType.DATABASE_CREATED, "port", 0),
        (EventType.DATABASE_CREATED, "port", 65536),
        (EventType.DATABASE_CREATED, "migration_timeout", 0),
        (EventType.DATABASE_CREATED, "connection_type", "oracle"),
        (EventType.DATABASE_CREATED, "database_id", ""),
        (EventType.DATABASE_CREATED, "database_id", "a" * 201),
        (EventType.DATABASE_CREATED, "host", "db\x00"),
        (EventType.DATABASE_CREATED, "host", None),
        (EventType.TENANT_CREATED, "tenant_id", 7),
        (EventType.TENANT_CREATED, "schema_name", 'a"; DROP SCHEMA b; --'),
        (EventType.TENANT_CREATED, "schema_name", "information_schema"),
        (EventType.TENANT_CREATED, "template_version", "latest"),
        (EventType.MAINTENANCE_SCHEDULED, "maintenance_window", 0),
        (EventType.MAINTENANCE_SCHEDULED, "maintenance_type", "vacuum"),
        (EventType.MAINTENANCE_SCHEDULED, "window_every", 0),
        (EventType.MAINTENANCE_SCHEDULED, "window_every", 59.9),
        (EventType.MIGRATION_REQUESTED, "scope", "everything"),
        (EventType.ROLLBACK_REQUESTED, "strategy", "hope"),
    ],
)
def test_a_value_outside_its_bounds_is_refused_by_the_name_of_its_field(type_, field, value):
    assert f"{field}" in refusal(type_, GOOD[type_] | {field: value})


def test_something_that_is_no_mapping_is_refused():
    assert refusal(EventType.TENANT_DELETED, ["tenant_id"]).startswith("event tenant.deleted was refused")


@pytest.mark.parametrize("type_", [EventType.DATABASE_UPDATED, EventType.TENANT_UPDATED], ids=str)
def test_an_update_that_changes_nothing_is_refused(type_):
    key = next(iter(GOOD[type_]))
    assert refusal(type_, {key: "7"}).endswith("nothing that changed was given")


def test_an_update_has_only_the_fields_that_were_given():
    payload = parse_payload(EventType.DATABASE_UPDATED, {"database_id": "eu-1", "port": 5433})
    assert payload.changes == {"port": 5433}


def test_a_version_needs_one_scope():
    fields = {"request_id": "r", "requested_by": "ann", "to_version": "2"}
    assert "to_version needs one scope" in refusal(EventType.MIGRATION_REQUESTED, fields | {"scope": "all"})
    assert parse_payload(EventType.MIGRATION_REQUESTED, fields | {"scope": "tenant"}).to_version == "2"


def test_what_was_left_out_has_the_documented_defaults():
    created = parse_payload(EventType.DATABASE_CREATED, GOOD[EventType.DATABASE_CREATED])
    assert (created.auto_migrate, created.migration_timeout) == (True, 300)
    asked = parse_payload(EventType.MIGRATION_REQUESTED, GOOD[EventType.MIGRATION_REQUESTED])
    assert (asked.target_databases, asked.target_schemas, asked.dry_run, asked.force_execution) == (
        None,
        None,
        False,
        False,
    )
    undo = parse_payload(EventType.ROLLBACK_REQUESTED, GOOD[EventType.ROLLBACK_REQUESTED])
    assert (undo.strategy, undo.target_version, undo.dry_run) == ("auto", None, False)
    assert parse_payload(EventType.TENANT_CREATED, CREATED).auto_migrate is True


def test_a_payload_cannot_be_changed_after_it_was_checked():
    payload = parse_payload(EventType.TENANT_DELETED, {"tenant_id": "7"})
    with pytest.raises(ValueError, match="frozen"):
        payload.tenant_id = "8"
