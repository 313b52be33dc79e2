"""Signed messages: senders and workers with certificates carry on as ever, and nobody else is heard."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from contextlib import closing
from uuid import uuid4

import psycopg2
import pytest
import redis

from migrator import client
from migrator.cli.processes import Processes
from migrator.local import free_port
from tests.acceptance.fleet import FIRST
from tests.acceptance.nodes import wait_until
from tests.acceptance.pages import page
from tests.certificates import Certified

PASSPHRASE = "the key has one"
CLIENT = """
import json, sys
from migrator.client import tenant_deleted
print(json.dumps(tenant_deleted.delay(tenant_id=sys.argv[1]).get(timeout=30)))
"""


@pytest.fixture(scope="session")
def signers(tmp_path_factory):
    """An operator and an application, who are known, and a stranger, who is not."""
    place = tmp_path_factory.mktemp("signers")
    known = [Certified(place / "store", name, passphrase=PASSPHRASE) for name in ("operator", "application")]
    for each in known:
        each.key = each.key.rename(place / each.key.name)
    return {**{"store": place / "store"}, "operator": known[0], "application": known[1],
            "stranger": Certified(place, "stranger", passphrase=PASSPHRASE)}  # fmt: skip


def signing(signers, name):
    return {
        "MIGRATOR_SIGNING_KEY": str(signers[name].key),
        "MIGRATOR_SIGNING_CERTIFICATE": str(signers[name].certificate),
        "MIGRATOR_SIGNING_STORE": str(signers["store"]),
        "MIGRATOR_SIGNING_PASSPHRASE": PASSPHRASE,
    }


@pytest.fixture
def worker_settings(signers):
    return {"MIGRATOR_LEASE": "2", **signing(signers, "operator")}


@pytest.fixture
def valkey(services):
    with redis.Redis.from_url(services.valkey.url()) as client:
        yield client


def application(fleet, signers, name, tenant):
    """An application with the light client, signing as somebody or not at all."""
    environment = {**os.environ, **fleet.environment, **(signing(signers, name) if name else {})}
    command = [sys.executable, "-c", CLIENT, tenant]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


@pytest.mark.usefixtures("celery_setup", "beat")
def test_a_signed_rollout_from_the_command_and_a_signed_event_from_an_application_are_carried_out(fleet, signers):
    fleet.write("V1__account.sql", FIRST)
    fleet.register(tenants=12)
    done = fleet.command("migrate", "--json", **signing(signers, "operator"))
    assert json.loads(done.stdout)["done"] == 12
    assert done.returncode == 0
    sent = application(fleet, signers, "application", "3")
    assert "tenant 3" in json.loads(sent.communicate(timeout=60)[0])["summary"]


@pytest.mark.usefixtures("celery_setup")
def test_the_relay_signs_what_was_published_in_the_control_database(fleet):
    fleet.register(tenants=1)
    url = fleet.services.postgres.url(fleet.names["control"])
    with closing(psycopg2.connect(url)) as connection, connection:
        id_ = client.publish(connection, "tenant.deleted", {"tenant_id": "1"})
    wait_until(lambda: (event := fleet.event(id_)) and event.status.is_end, "it was not carried out")
    assert fleet.event(id_).status == "completed"
    assert fleet.rows("control", "SELECT state FROM migrator.tenant") == [("retired",)]


@pytest.mark.parametrize("who", [None, "stranger"], ids=["nobody", "a stranger"])
@pytest.mark.usefixtures("celery_setup")
def test_what_is_unsigned_or_signed_by_a_stranger_is_refused_and_leaves_only_a_log_line(
    fleet, signers, valkey, celery_setup, who
):
    fleet.register(tenants=1)
    sender = application(fleet, signers, who, "1")
    try:
        celery_setup.worker.wait_for_log("message refused")
        wait_until(lambda: valkey.llen("normal") == 0 and valkey.hlen("unacked") == 0)
        assert fleet.rows("control", "SELECT count(*) FROM migrator.event") == [(0,)]
        assert fleet.rows("control", "SELECT state FROM migrator.tenant") == [("active",)]
        reason = "accepted is application/data" if who is None else "Unknown certificate"
        assert reason in celery_setup.worker.logs()
        assert celery_setup.worker.container.status == "running"
    finally:
        sender.kill()
        sender.communicate()


@pytest.mark.usefixtures("celery_setup")
def test_a_signed_body_counts_for_its_own_task_and_id_alone(fleet, signers, valkey, celery_setup):
    fleet.register(tenants=1)
    celery_setup.worker.container.kill()
    sender = application(fleet, signers, "application", "1")
    raw = json.loads(wait_until(lambda: valkey.lindex("normal", 0)))
    valkey.delete("normal")
    sender.kill()
    sender.communicate()
    replayed = {**raw, "headers": {**raw["headers"], "id": str(uuid4())}}
    renamed = {**raw, "headers": {**raw["headers"], "task": "migrator.database.deleted"}}
    body = bytearray(base64.b64decode(raw["body"]))
    body[len(body) // 2] ^= 1
    changed = {**raw, "body": base64.b64encode(bytes(body)).decode()}
    celery_setup.worker.container.restart()
    for each in (replayed, renamed, changed):
        each["properties"] = {**raw["properties"], "delivery_tag": str(uuid4())}
        valkey.lpush("normal", json.dumps(each))
    wait_until(lambda: celery_setup.worker.logs().count("message refused") == 3, celery_setup.worker.logs)
    assert "its body was signed for another task or id" in celery_setup.worker.logs()
    assert fleet.rows("control", "SELECT count(*) FROM migrator.event") == [(0,)]
    valkey.lpush("normal", json.dumps(raw))
    wait_until(lambda: fleet.rows("control", "SELECT status FROM migrator.event") == [("completed",)])


@pytest.mark.usefixtures("celery_setup")
def test_flower_sees_workers_and_tasks_whose_messages_are_signed(fleet, signers, tmp_path):
    fleet.write("V1__account.sql", FIRST)
    fleet.register(tenants=2)
    port = free_port()
    command = {"dashboard": f"celery -A tasks dashboard --port={port} --basic_auth=u:p"}
    with Processes(command, fleet.environment | signing(signers, "operator"), tmp_path):
        workers = wait_until(lambda: page(port, "/api/workers?refresh=1", "u:p") or None)
        assert len(json.loads(workers)) == 1
        assert fleet.command("migrate", **signing(signers, "operator")).returncode == 0
        wait_until(lambda: "migrator.migration.requested" in page(port, "/api/tasks", "u:p"))


def test_a_key_without_its_certificate_is_a_mistake_that_is_named(fleet, signers):
    done = fleet.command("migrate", MIGRATOR_SIGNING_KEY=str(signers["operator"].key))
    assert done.returncode == 2
    assert "missing: signing_certificate, signing_store" in done.stderr


def test_a_wrong_passphrase_is_told_without_it(fleet, signers):
    wrong = {**signing(signers, "operator"), "MIGRATOR_SIGNING_PASSPHRASE": "canary-phrase"}
    done = fleet.command("migrate", **wrong)
    assert done.returncode == 2
    assert "messages cannot be signed" in done.stderr
    assert "canary-phrase" not in done.stdout + done.stderr
