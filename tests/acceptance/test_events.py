"""Each event type, sent by an application and carried out by a real worker."""

from __future__ import annotations

import pytest
from celery import Celery

import tasks
from migrator.errors import BadPayload, EventFailedBefore, UnknownDatabase
from migrator.model.event import EventStatus
from tests.acceptance.fleet import FIRST, SECOND
from tests.acceptance.nodes import wait_until

pytestmark = pytest.mark.usefixtures("celery_setup")


@pytest.fixture
def migrations(fleet):
    fleet.write("V1__account.sql", FIRST)
    fleet.write("V2__account_name.sql", SECOND)


@pytest.fixture
def worker_settings():
    return {"MIGRATOR_MAX_RETRIES": "2"}


@pytest.mark.usefixtures("migrations")
def test_a_created_tenant_gets_its_schema_and_its_caller_the_report(fleet):
    fleet.register()
    report = tasks.tenant_created.delay(**fleet.tenant_payload()).get(timeout=30)
    assert report["summary"].startswith("schema tenant_7 of database one is at version 2, 2 migrations applied")
    assert (report["state"], report["total"], report["done"], report["failed"]) == ("completed", 1, 1, 0)
    assert fleet.history("one", "tenant_7") == ["V1__account.sql", "V2__account_name.sql"]
    assert fleet.event(report["event"]).status is EventStatus.COMPLETED


@pytest.mark.usefixtures("migrations")
def test_the_same_task_id_twice_changes_nothing_and_says_so(fleet):
    fleet.register()
    send = {"kwargs": fleet.tenant_payload(), "task_id": "sign-up-7"}
    first = tasks.tenant_created.apply_async(**send).get(timeout=30)
    second = tasks.tenant_created.apply_async(**send).get(timeout=30)
    assert (first["repeated"], second["repeated"]) == (False, True)
    assert second["summary"].startswith("event sign-up-7 was completed before, nothing was done now")
    assert len(fleet.history("one", "tenant_7")) == 2


@pytest.mark.usefixtures("migrations")
def test_an_application_with_only_celery_sends_events_by_name(fleet, services):
    fleet.register()
    theirs = Celery(broker=services.valkey.url(), backend=services.valkey.url(), set_as_current=False)
    report = theirs.send_task("migrator.tenant.created", kwargs=fleet.tenant_payload()).get(timeout=30)
    assert report["version"] == "2"


@pytest.mark.usefixtures("migrations")
def test_a_tenant_waits_for_a_database_that_is_registered_a_little_later(fleet):
    waiting = tasks.tenant_created.delay(**fleet.tenant_payload())
    wait_until(lambda: (event := fleet.event(waiting.id)) and event.status is EventStatus.RETRYING)
    tasks.database_created.delay(**fleet.database_payload()).get(timeout=30)
    assert waiting.get(timeout=30)["version"] == "2"


def test_a_tenant_of_an_unknown_database_fails_with_the_reason_after_its_retries(fleet):
    sent = tasks.tenant_created.delay(**fleet.tenant_payload(database_id="nowhere"))
    with pytest.raises(UnknownDatabase, match="database nowhere is not registered"):
        sent.get(timeout=30)
    event = wait_until(lambda: (found := fleet.event(sent.id)) and found.status.is_end and found)
    assert (event.status, event.retry_count) == (EventStatus.FAILED, 2)
    assert "database nowhere is not registered" in event.error_message


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"schema_name": 'tenant"7'}, "is not a plain identifier"),
        ({"schema_name": "pg_tenant"}, "is reserved by PostgreSQL"),
        ({"schema_name": "t" * 64}, "is 64 bytes long"),
        ({"plan": "gold"}, "plan is not a field of this event"),
        ({"tenant_id": ""}, "tenant_id: String should have at least 1 character"),
    ],
)
def test_a_wrong_payload_touches_nothing_and_is_stored_with_the_reason(fleet, wrong, sentence):
    fleet.register()
    sent = tasks.tenant_created.delay(**fleet.tenant_payload(**wrong))
    with pytest.raises(BadPayload, match=sentence):
        sent.get(timeout=30)
    assert sentence in wait_until(lambda: fleet.event(sent.id).error_message)
    assert fleet.schemas("one") == set()


def test_a_failed_event_is_not_carried_out_again_under_its_id(fleet):
    fleet.register()
    send = {"kwargs": fleet.tenant_payload(schema_name="9"), "task_id": "bad"}
    with pytest.raises(BadPayload):
        tasks.tenant_created.apply_async(**send).get(timeout=30)
    wait_until(lambda: fleet.event("bad").status.is_end)
    with pytest.raises(EventFailedBefore, match="send it with a new id"):
        tasks.tenant_created.apply_async(**send).get(timeout=30)


@pytest.mark.usefixtures("migrations")
def test_a_failing_migration_leaves_no_half_made_schema(fleet):
    fleet.register()
    fleet.write("V3__broken.sql", "CREATE TABLE a (id int);\nCREATE TABEL b (id int);")
    sent = tasks.tenant_created.delay(**fleet.tenant_payload())
    with pytest.raises(Exception, match=r"V3__broken.sql:2 failed in schema tenant_7 with SQLSTATE 42601") as raised:
        sent.get(timeout=30)
    assert raised.value.args[1]["failures"][0]["statement"].endswith("CREATE TABEL b (id int);")
    assert fleet.schemas("one") == set()
    assert fleet.outcomes(sent.id)["tenant_7"].sqlstate == "42601"


@pytest.mark.usefixtures("migrations")
def test_a_tenant_is_provisioned_at_the_version_it_asks_for(fleet):
    fleet.register()
    report = tasks.tenant_created.delay(**fleet.tenant_payload(template_version="1")).get(timeout=30)
    assert (report["version"], fleet.history("one", "tenant_7")) == ("1", ["V1__account.sql"])


def test_a_created_database_is_migrated_by_its_kind(fleet):
    fleet.write("V1__country.sql", "CREATE TABLE country (code text PRIMARY KEY);", scope="regional")
    payload = fleet.database_payload(connection_type="shared")
    report = tasks.database_created.delay(**payload).get(timeout=30)
    assert (report["schema"], report["version"]) == ("public", "1")
    assert fleet.history("one", "public") == ["V1__country.sql"]


@pytest.mark.usefixtures("migrations")
def test_updated_events_change_the_registry_alone(fleet):
    fleet.register(tenants=1)
    assert tasks.tenant_updated.delay(tenant_id="1", tenant_slug="renamed").get(timeout=30)["changed"] == 1
    assert tasks.database_updated.delay(database_id="one", region="north").get(timeout=30)["changed"] == 1
    assert fleet.rows("control", "SELECT slug FROM migrator.tenant") == [("renamed",)]
    assert ("north",) in fleet.rows("control", "SELECT region FROM migrator.database")


@pytest.mark.usefixtures("migrations")
def test_deleted_events_retire_and_drop_nothing(fleet):
    fleet.register()
    tasks.tenant_created.delay(**fleet.tenant_payload()).get(timeout=30)
    assert "was not dropped" in tasks.tenant_deleted.delay(tenant_id="7").get(timeout=30)["summary"]
    assert "nothing in it was dropped" in tasks.database_deleted.delay(database_id="one").get(timeout=30)["summary"]
    assert fleet.schemas("one") == {"tenant_7"}
    assert fleet.rows("control", "SELECT state FROM migrator.tenant") == [("retired",)]
