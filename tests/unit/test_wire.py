"""What goes out: not more than the limit, and signed for one task under one id."""

from __future__ import annotations

import json

import pytest

from migrator import client
from migrator.errors import MessageTooLarge, SettingsMissing, SigningFailed
from migrator.wire.signing import SIGNED_FOR, bind, is_bound
from tasks import app as our_app
from tasks import tenant_deleted
from tests.certificates import Certified


@pytest.fixture
def limit(monkeypatch):
    monkeypatch.setenv("MIGRATOR_MESSAGE_LIMIT", "4096")
    yield client.connect("memory://")
    client._connected.clear()


def test_the_client_refuses_to_send_more_than_the_limit(limit):
    with pytest.raises(MessageTooLarge, match=r"migrator\.tenant\.deleted was not sent: it has 5\d{3} bytes, .* 4096"):
        client.tenant_deleted.delay(tenant_id="x" * 5000)
    with limit.connection_for_read() as connection:
        assert connection.default_channel.basic_get("normal", no_ack=True) is None


def test_the_tasks_refuse_it_too(monkeypatch):
    monkeypatch.setitem(our_app.conf, "broker_url", "memory://")
    with pytest.raises(MessageTooLarge, match="the limit is 1048576"):
        tenant_deleted.delay(tenant_id="x" * 2**20)


def test_what_was_bound_counts_for_its_own_task_and_id_alone():
    body = ([], {}, {"callbacks": None})
    bind(body, "1", "migrator.tenant.deleted")
    headers = {"id": "1", "task": "migrator.tenant.deleted"}
    assert is_bound(body, headers)
    assert not is_bound(body, {**headers, "id": "2"})
    assert not is_bound(body, {**headers, "task": "migrator.database.deleted"})
    assert not is_bound(([], {}, None), headers)


def test_every_message_of_the_client_says_what_it_is_for(limit):
    sent = client.tenant_deleted.delay(tenant_id="7")
    with limit.connection_for_read() as connection:
        found = connection.default_channel.basic_get("normal", no_ack=True)
    assert json.loads(found.body)[2][SIGNED_FOR] == [sent.id, "migrator.tenant.deleted"]


def test_a_client_with_a_key_and_no_certificate_is_told_which_setting_is_missing(monkeypatch):
    monkeypatch.setenv("MIGRATOR_SIGNING_KEY", "/nowhere")
    with pytest.raises(SettingsMissing, match="set MIGRATOR_SIGNING_CERTIFICATE"):
        client.connect("memory://")


def test_a_key_that_cannot_be_read_is_named(monkeypatch, tmp_path):
    signer = Certified(tmp_path, "signer")
    monkeypatch.setenv("MIGRATOR_SIGNING_KEY", "/nowhere/x.key")
    monkeypatch.setenv("MIGRATOR_SIGNING_CERTIFICATE", str(signer.certificate))
    with pytest.raises(SigningFailed, match=r"/nowhere/x\.key: No such file"):
        client.connect("memory://")


def test_a_key_with_a_wrong_passphrase_is_told_without_it(monkeypatch, tmp_path):
    signer = Certified(tmp_path, "signer", passphrase="right")
    monkeypatch.setenv("MIGRATOR_SIGNING_KEY", str(signer.key))
    monkeypatch.setenv("MIGRATOR_SIGNING_CERTIFICATE", str(signer.certificate))
    monkeypatch.setenv("MIGRATOR_SIGNING_PASSPHRASE", "c4n4ry")
    with pytest.raises(SigningFailed, match="messages cannot be signed") as told:
        client.connect("memory://")
    assert "c4n4ry" not in str(told.value)
