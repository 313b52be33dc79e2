"""RabbitMQ as the broker, by settings alone; results and breakers stay in Valkey."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import pytest
from celery import Celery
from pytest_celery import CeleryBrokerCluster, CeleryWorkerCluster, RabbitMQContainer, RabbitMQTestBroker

from migrator import client
from migrator.errors import ExecutionFailed
from tests.acceptance.fleet import FIRST, SECOND
from tests.acceptance.nodes import ServerNode, Worker, WorkerNode, wait_until
from tests.rabbitmq import WHY_NOT, RabbitMq, rabbitmq_server

pytestmark = pytest.mark.skipif(rabbitmq_server() is None, reason=WHY_NOT)


class RabbitMqNode(ServerNode, RabbitMQContainer):
    """The broker of this file's workers."""

    id = name = "rabbitmq"
    celeryconfig = property(lambda self: {"url": self.host_url, "host_url": self.host_url, "hostname": self.hostname})


@pytest.fixture(scope="module", params=["classic", "quorum"])
def queues(request):
    """Which kind of queues the workers were told to use; the other kind could not be declared beside it."""
    return request.param


@pytest.fixture(scope="module")
def rabbitmq(queues):
    with tempfile.TemporaryDirectory(prefix="migrator-test-") as place:
        Path(place).chmod(0o755)
        server = RabbitMq(Path(place) / "rabbitmq")
        server.start()
        yield server
        server.stop()


@pytest.fixture
def celery_broker_cluster(rabbitmq):
    return CeleryBrokerCluster(RabbitMQTestBroker(RabbitMqNode(rabbitmq)))


@pytest.fixture
def celery_setup_app(rabbitmq, services):
    """An application's own: it knows no more than two addresses."""
    yield client.connect(rabbitmq.url(), services.valkey.url())
    client.app().close()
    client._connected.clear()


@pytest.fixture
def worker_settings(rabbitmq, services, queues):
    return {
        "MIGRATOR_BROKER_URL": rabbitmq.url(),
        "MIGRATOR_RESULT_BACKEND": services.valkey.url(),
        "MIGRATOR_RABBITMQ_QUEUES": queues,
        "MIGRATOR_LEASE": "3",
        "MIGRATOR_UPKEEP_EVERY": "0.5",
        "MIGRATOR_LANE_SLICE": "0.5",
        "MIGRATOR_LANES": "2",
        "MIGRATOR_RETRY_BACKOFF": "0.5",
    }


@pytest.fixture
def served():
    """The queues of the worker; a test overrides it."""
    return "critical,high,normal,low,celery"


@pytest.fixture
def celery_worker_cluster(fleet, worker_settings, celery_setup_app, tmp_path, served):
    node = WorkerNode("worker1", fleet.environment | worker_settings, tmp_path, "-Q", served, "-c", "3")
    worker = Worker(node, celery_setup_app)
    try:
        worker.ready()
        yield CeleryWorkerCluster(worker)
    finally:
        worker.teardown()


def request(**more):
    return {"request_id": "r", "scope": "tenant", "requested_by": "a test", **more}


def slow_history(fleet, seconds=0.05):
    fleet.write("V1__account.sql", FIRST + f"SELECT pg_sleep({seconds});")
    fleet.write("V2__account_name.sql", SECOND)


def assert_each_migration_once(fleet, tenants):
    for number in range(1, tenants + 1):
        assert fleet.history(fleet.home(number), f"tenant_{number}") == ["V1__account.sql", "V2__account_name.sql"]


@pytest.mark.usefixtures("celery_setup")
def test_a_rollout_with_a_tenant_that_fails_ends_as_with_valkey(fleet):
    fleet.write("V1__account.sql", FIRST + "SELECT 1 / (current_schema() <> 'tenant_7')::int;")
    fleet.register(tenants=20)
    with pytest.raises(ExecutionFailed) as raised:
        client.migration_requested.delay(**request(max_failures="5")).get(timeout=60)
    assert (raised.value.report["done"], raised.value.report["failed"]) == (19, 1)


@pytest.mark.usefixtures("beat")
def test_a_killed_worker_s_messages_come_back_and_the_execution_ends(fleet, celery_setup):
    slow_history(fleet)
    fleet.register(tenants=40)
    sent = client.migration_requested.delay(**request())
    wait_until(lambda: (row := fleet.execution(sent.id)) and row.done >= 5)
    celery_setup.worker.kill()
    celery_setup.worker.restart()
    assert sent.get(timeout=90)["done"] == 40
    assert_each_migration_once(fleet, 40)


@pytest.mark.usefixtures("beat")
def test_a_worker_survives_a_killed_broker_with_work_in_hand(fleet, rabbitmq, celery_setup):
    slow_history(fleet)
    fleet.register(tenants=40)
    sent = client.migration_requested.delay(**request())
    wait_until(lambda: (row := fleet.execution(sent.id)) and row.done >= 5)
    rabbitmq.kill()
    rabbitmq.start()
    wait_until(lambda: fleet.execution(sent.id).state == "completed", "the execution did not end", 90)
    assert celery_setup.worker.container.status == "running"
    assert_each_migration_once(fleet, 40)


@pytest.fixture
def urgent(fleet, worker_settings, tmp_path, celery_setup_app):
    """A second worker for critical and high alone, as in the Procfile."""
    arguments = ("-Q", "critical,high,celery", "-c", "1")
    worker = Worker(WorkerNode("urgent", fleet.environment | worker_settings, tmp_path, *arguments), celery_setup_app)
    worker.ready()
    yield worker
    worker.teardown()


BULK = "normal,low,celery"
"""With quorum queues the worker for bulk work leaves critical and high alone: it would hold some of them back."""


@pytest.mark.parametrize("served", [BULK])
@pytest.mark.usefixtures("urgent", "celery_setup")
def test_a_customer_does_not_wait_behind_a_bulk_run(fleet):
    fleet.write("V1__account.sql", FIRST + "SELECT pg_sleep(0.2);")
    fleet.register(tenants=120)
    bulk = client.migration_requested.delay(**request())
    wait_until(lambda: (row := fleet.execution(bulk.id)) and row.done >= 3)
    began = time.monotonic()
    assert client.tenant_created.delay(**fleet.tenant_payload("new")).get(timeout=30)["done"] == 1
    assert time.monotonic() - began < 10
    assert not fleet.execution(bulk.id).finished_at
    assert bulk.get(timeout=90)["done"] == 120


@pytest.mark.usefixtures("celery_setup")
def test_an_event_for_a_database_that_is_not_there_yet_waits_in_the_broker(fleet):
    slow_history(fleet)
    sent = client.tenant_created.apply_async(kwargs=fleet.tenant_payload("7"), max_retries=9)
    wait_until(lambda: (event := fleet.event(sent.id)) and event.retry_count >= 1)
    fleet.register()
    assert sent.get(timeout=60)["done"] == 1


@pytest.mark.usefixtures("celery_setup")
def test_applications_send_through_the_light_client_and_through_the_door(fleet, rabbitmq, services):
    slow_history(fleet)
    fleet.register()
    assert client.tenant_created.delay(**fleet.tenant_payload("1")).get(timeout=60)["done"] == 1
    foreign = Celery("shop", broker=rabbitmq.url(), backend=services.valkey.url(), set_as_current=False)
    sent = foreign.send_task("migrator.tenant.created", kwargs=fleet.tenant_payload("2"))
    assert sent.get(timeout=60)["done"] == 1
