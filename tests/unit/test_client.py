"""The light client and the tasks: events go to the right queue, under the right name, with fields by name."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import tasks
from migrator import client
from migrator.errors import BadPayload, SettingsMissing
from migrator.model.event import EventType

every_type = pytest.mark.parametrize("type_", list(EventType), ids=str)


@pytest.fixture
def broker():
    """A broker inside this process; gives what lies in a queue, or None."""
    app = client.connect("memory://")

    def message(queue: str):
        with app.connection_for_read() as connection:
            return connection.default_channel.basic_get(queue, no_ack=True)

    yield message
    client._connected.clear()


@every_type
def test_an_event_goes_to_the_queue_of_its_priority_under_its_tasks_name(broker, type_):
    sent = getattr(client, type_.function_name).delay(database_id="eu-1")
    found = broker(type_.priority.value)
    assert found.headers["task"] == type_.task_name
    assert found.headers["id"] == sent.id
    assert json.loads(found.body)[1] == {"database_id": "eu-1"}


def test_a_caller_may_choose_id_and_queue(broker):
    sent = client.tenant_created.apply_async(kwargs={"tenant_id": "7"}, task_id="order-66", queue="low")
    found = broker("low")
    assert (sent.id, found.headers["id"]) == ("order-66", "order-66")
    assert broker("high") is None


def test_fields_by_position_are_refused_before_anything_is_sent(broker):
    with pytest.raises(BadPayload, match=r"event tenant\.created was refused.*by name, not by position"):
        client.tenant_created.apply_async(("7",))
    assert broker("high") is None


def test_without_a_broker_the_variable_is_named():
    with pytest.raises(SettingsMissing, match="set MIGRATOR_BROKER_URL"):
        client.tenant_created.delay(tenant_id="7")


@pytest.mark.parametrize(
    ("environment", "broker_url", "backend"),
    [
        ({"MIGRATOR_BROKER_URL": "redis://h/1"}, "redis://h/1", "redis://h/1"),
        ({"CELERY_BROKER_URL": "redis://h/2"}, "redis://h/2", "redis://h/2"),
        ({"MIGRATOR_BROKER_URL": "memory://"}, "memory://", None),
        ({"MIGRATOR_BROKER_URL": "memory://", "MIGRATOR_RESULT_BACKEND": "redis://r/3"}, "memory://", "redis://r/3"),
    ],
)
def test_the_broker_is_found_in_the_environment(monkeypatch, environment, broker_url, backend):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    try:
        app = client.app()
        assert (app.conf.broker_url, app.conf.result_backend) == (broker_url, backend)
    finally:
        client._connected.clear()


def test_a_broker_that_was_named_wins_over_the_one_of_the_applications_own_celery(monkeypatch):
    monkeypatch.setenv("CELERY_BROKER_URL", "redis://theirs/2")
    monkeypatch.setenv("MIGRATOR_BROKER_URL", "redis://ours/1")
    try:
        assert client.app().connection_for_write().hostname == "ours"
        assert client.connect("redis://named/3").connection_for_write().hostname == "named"
    finally:
        client._connected.clear()


def test_the_client_brings_neither_tasks_nor_config_nor_a_database_driver():
    code = "import sys, migrator.client; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "celery" in loaded
    assert set(loaded) & {"tasks", "config", "sqlalchemy", "psycopg2", "flower", "pglast"} == set()


def test_celerys_own_command_of_an_application_with_our_package_imports_neither_its_tasks_nor_its_config():
    code = "import sys, migrator.cli.relay; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert set(loaded) & {"tasks", "config", "sqlalchemy", "celery"} == set()


@every_type
def test_a_task_without_a_broker_names_the_variable(type_):
    with pytest.raises(SettingsMissing, match="set MIGRATOR_BROKER_URL"):
        getattr(tasks, type_.function_name).delay(tenant_id="7")


@every_type
def test_a_task_tells_what_it_does(type_):
    assert getattr(tasks, type_.function_name).__doc__
