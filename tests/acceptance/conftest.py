"""Real PostgreSQL and Valkey for the session, and for each test a fleet and workers of its own."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from pytest_celery import (
    CeleryBackendCluster,
    CeleryBrokerCluster,
    CeleryWorkerCluster,
    RedisTestBackend,
    RedisTestBroker,
)

from migrator.local import LocalServices, Postgres
from tests.acceptance.dashboards import Dashboard
from tests.acceptance.fleet import Fleet
from tests.acceptance.nodes import ValkeyNode, Worker, WorkerNode


@pytest.fixture(scope="session")
def services():
    """Below a directory that every account can enter, because as root the servers run as another one."""
    with tempfile.TemporaryDirectory(prefix="migrator-test-") as place:
        Path(place).chmod(0o755)
        with LocalServices(Path(place), durable=False) as running:
            yield running


@pytest.fixture
def tenant_databases():
    """The names of the fleet's databases; a module or test overrides it."""
    return ("one", "two")


@pytest.fixture
def fleet(services, tmp_path, tenant_databases):
    """A control database, the tenant databases and an empty migration folder."""
    made = Fleet(services, tmp_path, tenant_databases)
    yield made
    made.close()


@pytest.fixture
def second():
    """A server that database two has for itself."""
    with tempfile.TemporaryDirectory(prefix="migrator-test-") as place:
        Path(place).chmod(0o755)
        server = Postgres(Path(place) / "postgres", durable=False)
        server.start()
        yield server
        server.stop()


@pytest.fixture
def worker_settings():
    """Settings of the workers beyond those of the fleet; a module or test overrides it."""
    return {}


@pytest.fixture
def celery_broker_cluster(services):
    node = ValkeyNode(services.valkey)
    node.client.flushall()
    return CeleryBrokerCluster(RedisTestBroker(node))


@pytest.fixture
def celery_backend_cluster(services):
    return CeleryBackendCluster(RedisTestBackend(ValkeyNode(services.valkey)))


@pytest.fixture
def celery_setup_app(celery_setup_config):
    """The project's own application, on the test's broker."""
    from tasks import app

    app.conf.update(celery_setup_config)
    app.set_current()
    return app


@pytest.fixture
def celery_worker_count():
    return 1


@pytest.fixture
def celery_worker_cluster(fleet, worker_settings, celery_worker_count, celery_setup_app, tmp_path):
    environment = fleet.environment | worker_settings
    numbers = range(1, celery_worker_count + 1)
    workers = [Worker(WorkerNode(f"worker{n}", environment, tmp_path), celery_setup_app) for n in numbers]
    try:
        for worker in workers:
            worker.ready()
        yield CeleryWorkerCluster(*workers)
    finally:
        for worker in workers:
            worker.teardown()


@pytest.fixture
def beat(fleet, worker_settings, tmp_path, celery_setup_app):
    """Celery beat, once a second; the settings are those of the workers."""
    from migrator.cli.processes import Processes

    command = {"beat": f"celery -A tasks beat --schedule={tmp_path / 'beat'}"}
    with Processes(command, fleet.environment | worker_settings, tmp_path) as running:
        yield running


@pytest.fixture
def dashboard_options():
    """Flower's options; a module or test overrides it."""
    return ()


@pytest.fixture
def dashboard(fleet, celery_setup_app, celery_broker_cluster, dashboard_options, tmp_path):
    """The dashboard of the test's fleet."""
    running = Dashboard(fleet.environment, tmp_path, *dashboard_options)
    try:
        yield running.start()
    finally:
        running.stop()


@pytest.fixture(scope="session")
def shop():
    """The example shop, with its migrations."""
    return Path(__file__).parents[2] / "examples" / "shop"


@pytest.fixture
def shop_migrations(fleet, shop):
    """The fleet migrates with the example shop's history."""
    shutil.copytree(shop / "migrations", fleet.migrations, dirs_exist_ok=True)
