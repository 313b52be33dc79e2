"""Whatever lies in a queue: the worker lives on, the message is gone for good, and where it was an event it is told."""

from __future__ import annotations

import base64
import json
import pickle
import zlib
from uuid import uuid4

import pytest
import redis

from migrator.errors import MessageRefused
from tasks import app
from tests.acceptance.fleet import FIRST
from tests.acceptance.nodes import wait_until

LIMIT = 64 * 1024
TASK = "migrator.tenant.deleted"


@pytest.fixture
def worker_settings():
    return {"MIGRATOR_LEASE": "2", "MIGRATOR_MESSAGE_LIMIT": str(LIMIT)}


@pytest.fixture
def valkey(services):
    with redis.Redis.from_url(services.valkey.url()) as client:
        yield client


class Explodes:
    def __reduce__(self):
        return (open, ("/tmp/migrator-was-pickled", "w"))


def body_of(kwargs=None, args=(), embed=None):
    return json.dumps([list(args), kwargs or {}, embed or {}]).encode()


def message(body=None, headers=None, without=(), **changes):
    """A message of Celery's protocol 2 as it lies in Valkey, with something wrong about it."""
    body = body_of() if body is None else body
    sent = {"lang": "py", "task": TASK, "id": str(uuid4()), "retries": 0, "timelimit": [None, None], "argsrepr": "()"}
    properties = {
        "correlation_id": "x",
        "delivery_mode": 2,
        "delivery_info": {"exchange": "", "routing_key": "normal"},
        "priority": 0,
        "body_encoding": "base64",
        "delivery_tag": str(uuid4()),
    }
    whole = {
        "body": base64.b64encode(body).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {**sent, **(headers or {})},
        "properties": properties | changes.pop("properties", {}),
    }
    whole |= changes
    for name in without:
        del whole["headers"][name]
    return json.dumps(whole)


DEEP = b"[" * 100_000 + b"]" * 100_000
HOSTILE = {
    "not JSON": "\x00\xff{",
    "not even text": b"\xff\xfe\x00",
    "a list": "[1, 2]",
    "a number": "7",
    "no properties": json.dumps({"body": "", "headers": {}}),
    "properties that are a list": json.dumps({"body": "", "headers": {}, "properties": []}),
    "nested without end": '{"a":' * 100_000 + "1" + "}" * 100_000,
    "an unknown body encoding": message(properties={"body_encoding": "rot13"}),
    "a body that is not base64": message().replace(base64.b64encode(body_of()).decode(), "!!!"),
    "a priority that is a text": message(properties={"priority": "soon"}),
    "no delivery tag": message(properties={"delivery_tag": None}),
    "a body that is not JSON": message(body=b"{nonsense"),
    "a body nested without end": message(body=DEEP),
    "a body that is a text": message(body=b'"hello"'),
    "fields that are a list": message(body=b"[[], [], {}]"),
    "no body at all": message(body=b""),
    "pickle": message(body=pickle.dumps(Explodes()), **{"content-type": "application/x-python-serialize"}),
    "pickle that says it is JSON": message(body=pickle.dumps(Explodes())),
    "YAML": message(body=b"!!python/object/apply:os.system [ls]", **{"content-type": "application/x-yaml"}),
    "plain text": message(**{"content-type": "application/text"}),
    "a content type that is a list": message(**{"content-type": ["application/json"]}),
    "an unknown character set": message(**{"content-encoding": "klingon"}),
    "compressed, and large inside": message(body=zlib.compress(b"0" * 10**7), headers={"compression": "zlib"}),
    "no task": message(without=["task"]),
    "no id": message(without=["id"]),
    "an unknown task": message(headers={"task": "os.system"}),
    "an unknown task without an id": message(headers={"task": "os.system"}, without=["id"]),
    "a task that is a number": message(headers={"task": 7}),
    "an id that is a list": message(headers={"id": ["x"]}),
    "protocol 1": message(body=json.dumps({"task": TASK, "id": "1", "args": [], "kwargs": {}}).encode(), headers={},
                          without=["task"]),
    "both protocols at once": message(body=json.dumps({"task": TASK, "id": "1", "args": [1], "kwargs": 7}).encode()),
    "retries that are a text": message(headers={"retries": "many"}),
    "a time limit of three": message(headers={"timelimit": [1, 2, 3]}),
    "a time limit that is a text": message(headers={"timelimit": "xx"}),
    "a date that is none": message(headers={"eta": "tomorrow", "expires": "yesterday"}),
    "a date out of this world": message(headers={"eta": "9999-12-31T23:59:59-23:59"}),
    "stamps that are a number": message(headers={"stamped_headers": 7, "stamps": 7}),
    "stamps that are not there": message(headers={"stamped_headers": ["x"], "stamps": None}),
    "a group that is a mapping": message(headers={"group": {}}),
    "callbacks that are numbers": message(body=body_of({"tenant_id": "7"}, embed={"callbacks": 7, "chord": [1]})),
    "fields by position": message(body=body_of(args=[1, 2, 3])),
    "headers of Celery's own request": message(headers={"hostname": {}, "called_directly": True, "chord": 7}),
    "too large": message(body=body_of({"tenant_id": "x" * LIMIT})),
    "much too large": message(body=body_of({"tenant_id": "x" * 20_000_000})),
}  # fmt: skip


@pytest.mark.usefixtures("celery_setup")
def test_no_message_ends_a_worker_or_comes_again(fleet, valkey, celery_setup):
    fleet.write("V1__account.sql", FIRST)
    fleet.register()
    worker = celery_setup.worker
    pid = worker.container.pid

    def gone():
        assert worker.container.status == "running", worker.logs()[-3000:]
        return valkey.llen("normal") == 0 and valkey.hlen("unacked") == 0 and valkey.llen("high") == 0

    for name, raw in HOSTILE.items():
        valkey.lpush("normal", raw)
        wait_until(gone, f"the message stays: {name}")
    assert (worker.container.pid, worker.container.status) == (pid, "running")
    report = app.send_task("migrator.tenant.created", kwargs=fleet.tenant_payload(), queue="high").get(timeout=30)
    assert report["summary"].startswith("schema tenant_7 of database one is at version 1")
    assert "Unrecoverable error" not in worker.logs()
    assert fleet.rows("control", "SELECT count(*) FROM migrator.event WHERE type = 'tenant.deleted' "
                                 "AND status NOT IN ('failed', 'completed')") == [(0,)]  # fmt: skip


@pytest.mark.usefixtures("celery_setup")
def test_an_event_that_is_too_large_is_stored_as_failed_and_its_sender_is_told(fleet, valkey):
    raw = message(body=body_of({"tenant_id": "x" * LIMIT}), headers={"id": "too-large"})
    valkey.lpush("normal", raw)
    with pytest.raises(MessageRefused, match=r"bytes, the limit is 65,536"):
        app.AsyncResult("too-large").get(timeout=30)
    event = fleet.event("too-large")
    assert (event.status, event.payload) == ("failed", {})
    assert "was refused, nothing was done" in event.error_message


@pytest.mark.usefixtures("celery_setup")
def test_a_refused_message_under_the_id_of_an_event_that_is_known_changes_nothing(fleet, valkey, celery_setup):
    fleet.write("V1__account.sql", FIRST)
    fleet.register()
    first = app.send_task("migrator.tenant.created", kwargs=fleet.tenant_payload(), queue="high")
    report = first.get(timeout=30)
    valkey.lpush("normal", message(headers={"id": first.id, "retries": "many"}))
    celery_setup.worker.wait_for_log("message refused")
    wait_until(lambda: valkey.llen("high") == 0 and valkey.hlen("unacked") == 0)
    assert fleet.event(first.id).status == "completed"
    assert app.AsyncResult(first.id).get(timeout=5) == report


@pytest.mark.usefixtures("celery_setup")
def test_who_sends_an_unknown_task_is_told(celery_setup):
    with pytest.raises(MessageRefused, match=r"there is no task 'migrator\.nonsense'"):
        app.send_task("migrator.nonsense", queue="normal").get(timeout=30)


@pytest.mark.usefixtures("celery_setup")
def test_a_broken_command_to_all_workers_does_not_end_them(fleet, valkey, celery_setup):
    for name in ("not JSON", "a list", "no properties", "nested without end", "plain text", "a body that is a text"):
        for channel in ("/0.celery.pidbox", "celery.pidbox"):
            valkey.publish(channel, HOSTILE[name])
    fleet.write("V1__account.sql", FIRST)
    fleet.register()
    report = app.send_task("migrator.tenant.created", kwargs=fleet.tenant_payload(), queue="high").get(timeout=30)
    assert report["version"] == "1"
    assert celery_setup.worker.container.status == "running"
