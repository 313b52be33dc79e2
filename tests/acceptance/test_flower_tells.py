"""What stock Flower learns of an event: a readable line without secrets, the sentence, an end when it is revoked."""

from __future__ import annotations

import json
import threading
import time
from uuid import uuid4

import pytest
from celery import Celery

import tasks
from tests.acceptance.fleet import FIRST
from tests.acceptance.nodes import wait_until


class Heard:
    """Celery's own picture of the tasks, made from their events, as Flower makes it."""

    def __init__(self, app) -> None:
        self.state = app.events.State()
        self._connection = app.connection_for_read()
        self._receiver = app.events.Receiver(self._connection, handlers={"*": self.state.event})
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        self._receiver.capture(limit=None, timeout=None, wakeup=True)

    def task(self, id_):
        return self.state.tasks.get(id_)

    def close(self) -> None:
        self._receiver.should_stop = True
        self._thread.join(10)
        self._connection.close()


@pytest.fixture
def heard(celery_setup):
    listening = Heard(tasks.app)
    wait_until(lambda: listening.state.workers, "no worker was heard of")
    yield listening
    listening.close()


def test_an_events_arguments_are_a_readable_line_in_which_nothing_stands_that_its_type_does_not_know(
    fleet, heard, services
):
    payload = fleet.tenant_payload("7", password="s3cret")
    with Celery("shop", broker=services.valkey.url(), set_as_current=False) as shop:
        sent = shop.send_task("migrator.tenant.created", kwargs=payload, queue="high")
    task = wait_until(lambda: (t := heard.task(sent.id)) and t.args and t.state in ("FAILURE", "STARTED") and t)
    wait_until(lambda: "s3cret" not in f"{heard.task(sent.id).args} {heard.task(sent.id).kwargs}", "it is still there")
    assert "tenant_id=7, tenant_slug=tenant 7, database_id=one" in task.args


def test_a_running_execution_is_told_in_a_sentence_and_a_revoked_one_does_not_stay_in_progress(fleet, heard):
    fleet.write("V1__account.sql", FIRST + "SELECT pg_sleep(0.5);")
    fleet.register(tenants=40)
    sent = tasks.migration_requested.delay(request_id=uuid4().hex, scope="tenant", requested_by="ann")
    task = wait_until(lambda: (t := heard.task(sent.id)) and t.state == "PROGRESS" and t)
    wait_until(lambda: "/40 schemas" in str(task.result), "the sentence did not come")
    tasks.app.control.revoke(sent.id)
    deadline = time.monotonic() + 30
    while task.state == "PROGRESS" and time.monotonic() < deadline:
        tasks.app.send_task("migrator.migration.requested", task_id=sent.id, queue="normal")
        time.sleep(0.5)
    assert task.state == "TERMINATED"
    assert "terminated" in task.result


def test_an_event_that_the_relay_sent_by_its_id_alone_is_told_by_its_fields_too(fleet, heard):
    fleet.register()
    payload = json.dumps(fleet.tenant_payload("7", auto_migrate=False))
    ((id_,),) = fleet.rows("control", f"SELECT migrator.publish('tenant.created', '{payload}')")
    task = wait_until(lambda: (t := heard.task(str(id_))) and t.state == "SUCCESS" and t)
    assert "tenant_id=7, tenant_slug=tenant 7, database_id=one" in task.args
