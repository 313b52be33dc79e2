"""Dead letters: what failed is kept with its reason, listed, and sent again by an operator under the same id."""

from __future__ import annotations

import pytest

import tasks
from migrator import client
from migrator.errors import BadPayload, ExecutionFailed, UnknownDatabase
from tests.acceptance.fleet import FIRST

pytestmark = pytest.mark.usefixtures("celery_setup")


@pytest.fixture
def worker_settings():
    return {"MIGRATOR_RETRY_BACKOFF": "0.1", "MIGRATOR_RETRY_BACKOFF_MAX": "0.2", "MIGRATOR_MAX_RETRIES": "1"}


def dead(fleet, tenant_id="7", **options):
    """A tenant of a database that nobody registered."""
    sent = tasks.tenant_created.apply_async(kwargs=fleet.tenant_payload(tenant_id), **options)
    with pytest.raises(UnknownDatabase):
        sent.get(timeout=30)
    return sent


def answer(sent):
    """What the event says now; a result that was read once is remembered by its object."""
    return tasks.app.AsyncResult(sent.id).get(timeout=30)


def test_a_dead_letter_is_listed_and_sent_again_under_its_id_when_its_cause_is_gone(fleet):
    fleet.write("V1__account.sql", FIRST)
    sent = dead(fleet)
    code, listed = fleet.command_json("events", "--failed")
    assert (code, [row["id"] for row in listed]) == (0, [sent.id])
    assert "database one is not registered" in listed[0]["error_message"]
    fleet.register()
    code, [said] = fleet.command_json("events", "retry", sent.id)
    assert (code, said["event"], said["sent"]) == (0, sent.id, True)
    assert answer(sent)["done"] == 1
    assert fleet.history("one", "tenant_7") == ["V1__account.sql"]
    [(again,)] = fleet.rows("control", "SELECT metadata -> 'sent_again' -> 0 FROM migrator.event")
    assert "@" in again["by"]
    assert "database one is not registered" in again["failed"]
    assert fleet.command_json("events", "list", "--status", "failed") == (0, [])


def test_all_dead_letters_of_a_type_are_sent_again_with_one_command(fleet):
    fleet.write("V1__account.sql", FIRST)
    sent = [dead(fleet, number) for number in ("7", "8")]
    fleet.register()
    assert fleet.command_json("events", "retry", "--all-failed", "--type", "database.created") == (0, [])
    code, said = fleet.command_json("events", "retry", "--all-failed", "--type", "tenant.created")
    assert (code, [each["sent"] for each in said]) == (0, [True, True])
    assert [answer(each)["done"] for each in sent] == [1, 1]


def test_a_dead_letter_with_an_execution_takes_up_what_failed_there(fleet):
    fleet.write("V1__account.sql", f"{FIRST} TABLE public.country;")
    fleet.register()
    sent = tasks.tenant_created.delay(**fleet.tenant_payload())
    with pytest.raises(ExecutionFailed):
        sent.get(timeout=30)
    fleet.rows("one", "CREATE TABLE public.country (code text)")
    code, [said] = fleet.command_json("events", "retry", sent.id)
    assert (code, said["sent"]) == (0, True)
    assert fleet.command("watch", sent.id).returncode == 0
    assert (fleet.execution(sent.id).state, fleet.event(sent.id).status) == ("completed", "completed")


def test_what_was_refused_at_the_door_is_not_sent_again_because_its_mistake_is_not_stored(fleet):
    fleet.register()
    sent = tasks.migration_requested.delay(request_id="r", scope="tenant", requested_by="ann", dry_rum=True)
    with pytest.raises(BadPayload):
        sent.get(timeout=30)
    code, said = fleet.command_json("events", "retry", sent.id, "nothing")
    assert (code, [each["sent"] for each in said]) == (2, [False, False])
    assert "was refused for its payload and has to be sent anew" in said[0]["summary"]
    assert "there is no event nothing" in said[1]["summary"]


@pytest.mark.parametrize("max_retries", [0, 3])
def test_an_event_is_tried_as_often_as_its_sender_said(fleet, max_retries):
    event = fleet.event(dead(fleet, max_retries=max_retries).id)
    assert (event.max_retries, event.retry_count) == (max_retries, max_retries)


def test_the_light_client_and_plain_celery_say_so_by_a_header(fleet, celery_setup):
    client.connect(fleet.services.valkey.url(), fleet.services.valkey.url())
    light = client.tenant_created.apply_async(kwargs=fleet.tenant_payload("8"), max_retries=2)
    headers = {"max_retries": 2}
    plain = tasks.app.send_task("migrator.tenant.created", kwargs=fleet.tenant_payload("9"), headers=headers)
    for sent in (light, plain):
        with pytest.raises(UnknownDatabase):
            sent.get(timeout=30)
        assert fleet.event(sent.id).max_retries == fleet.event(sent.id).retry_count == 2
