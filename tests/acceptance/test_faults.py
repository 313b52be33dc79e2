"""What workers, messages and servers do when they die in the middle; the ledger has to bring it to an end."""

from __future__ import annotations

import os
import signal

import pytest

import tasks
from tests.acceptance.fleet import FIRST, SECOND
from tests.acceptance.nodes import wait_until

SLOW = "SELECT pg_sleep(0.05);"
LEASE = 3


@pytest.fixture
def makes_templates():
    """Whether new schemas are made from a template; a test overrides it."""
    return False


@pytest.fixture
def worker_settings(services, makes_templates):
    return {
        "MIGRATOR_TEMPLATES": str(makes_templates),
        "MIGRATOR_PG_BIN": str(services.postgres.bin),
        "MIGRATOR_LEASE": str(LEASE),
        "MIGRATOR_UPKEEP_EVERY": "0.5",
        "MIGRATOR_LANE_SLICE": "0.5",
        "MIGRATOR_LANES": "2",
    }


@pytest.fixture
def slow_history(fleet):
    fleet.write("V1__account.sql", FIRST + SLOW)
    fleet.write("V2__account_name.sql", SECOND)


def request(**more):
    return {"request_id": "r", "scope": "tenant", "requested_by": "a test", **more}


def reached(fleet, execution_id, done):
    return lambda: (row := fleet.execution(execution_id)) and row.done >= done


def assert_each_migration_once(fleet, tenants):
    for number in range(1, tenants + 1):
        home = ("one", "two")[number % 2]
        assert fleet.history(home, f"tenant_{number}") == ["V1__account.sql", "V2__account_name.sql"]


@pytest.mark.usefixtures("beat", "slow_history")
def test_a_killed_worker_group_is_replaced_and_the_execution_ends_by_itself(fleet, celery_setup):
    fleet.register(tenants=100)
    sent = tasks.migration_requested.delay(**request())
    wait_until(reached(fleet, sent.id, 10))
    celery_setup.worker.kill()
    assert not fleet.execution(sent.id).finished_at
    celery_setup.worker.restart()
    report = sent.get(timeout=90)
    assert (report["done"], report["failed"], report["changed"], report["applied"]) == (100, 0, 100, 200)
    assert_each_migration_once(fleet, 100)


@pytest.mark.usefixtures("beat", "slow_history")
def test_a_killed_child_costs_nothing_but_its_lease(fleet, celery_setup):
    fleet.register(tenants=40)
    sent = tasks.migration_requested.delay(**request())
    wait_until(reached(fleet, sent.id, 5))
    for child in celery_setup.worker.container.children()[:2]:
        os.kill(child.pid, signal.SIGKILL)
    assert sent.get(timeout=90)["done"] == 40
    assert_each_migration_once(fleet, 40)


@pytest.mark.usefixtures("beat", "slow_history")
def test_messages_lost_with_the_broker_are_sent_again_from_the_ledger(fleet, celery_setup):
    fleet.register(tenants=40)
    sent = tasks.migration_requested.delay(**request())
    wait_until(reached(fleet, sent.id, 5))
    celery_setup.broker.container.client.flushall()
    wait_until(lambda: fleet.execution(sent.id).state == "completed", "the execution did not end", 90)
    assert_each_migration_once(fleet, 40)


@pytest.mark.usefixtures("beat", "slow_history")
def test_a_worker_survives_a_restart_of_the_broker_with_work_in_hand(fleet, services, celery_setup):
    fleet.register(tenants=40)
    sent = tasks.migration_requested.delay(**request())
    wait_until(reached(fleet, sent.id, 5))
    services.valkey.kill()
    services.valkey.start()
    wait_until(lambda: fleet.execution(sent.id).state == "completed", "the execution did not end", 90)
    assert celery_setup.worker.container.status == "running"
    assert_each_migration_once(fleet, 40)


@pytest.mark.usefixtures("beat")
def test_a_target_that_ends_its_connection_each_time_fails_alone(fleet, celery_setup):
    poison = "IF current_schema() = 'tenant_5' THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;"
    fleet.write("V1__account.sql", f"{FIRST} DO $$ BEGIN {poison} END $$;")
    fleet.register(tenants=20, databases=("one",))
    sent = tasks.migration_requested.delay(**request(max_failures="100%"))
    wait_until(lambda: (row := fleet.execution(sent.id)) and row.finished_at, "the execution did not end", 90)
    assert (fleet.execution(sent.id).done, fleet.execution(sent.id).failed) == (19, 1)
    assert "the connection to database one was lost" in fleet.outcomes(sent.id)["tenant_5"].error_message


def test_a_task_longer_than_the_visibility_timeout_is_delivered_once(fleet, celery_setup):
    fleet.write("V1__account.sql", FIRST + f"SELECT pg_sleep({3 * LEASE});")
    fleet.register()
    report = tasks.tenant_created.delay(**fleet.tenant_payload()).get(timeout=60)
    assert report["done"] == 1
    received = [line for line in celery_setup.worker.logs().splitlines() if "] received" in line]
    assert sum("migrator.tenant.created" in line for line in received) == 1


@pytest.mark.usefixtures("beat", "slow_history")
def test_an_event_whose_message_was_lost_before_it_began_is_taken_up_again(fleet, celery_setup):
    fleet.register()
    sent = tasks.tenant_created.apply_async(kwargs=fleet.tenant_payload(database_id="late", tenant_id="7"))
    wait_until(lambda: (event := fleet.event(sent.id)) and event.status == "retrying")
    celery_setup.worker.kill()
    celery_setup.broker.container.client.flushall()
    fleet.rows(
        "control",
        """INSERT INTO migrator.database SELECT 'late', name, kind, region, host, port, username
                              FROM migrator.database WHERE id = 'one'""",
    )
    celery_setup.worker.restart()
    wait_until(lambda: fleet.event(sent.id).status == "completed", "the event was forgotten", 60)
    assert "tenant_7" in fleet.schemas("one")


def scratches(fleet):
    return {
        name for (name,) in fleet.rows("one", "SELECT nspname FROM pg_namespace WHERE nspname ~ 'migrator_scratch'")
    }


@pytest.mark.parametrize("makes_templates", [True])
@pytest.mark.usefixtures("beat")
@pytest.mark.parametrize("dies", ["its connection", "its child", "the worker", "the worker with its message"])
def test_a_template_that_is_being_made_when_something_dies_is_made_all_the_same_and_leaves_nothing(
    fleet, celery_setup, dies
):
    fleet.write("V1__account.sql", FIRST + "SELECT pg_sleep(1);")
    fleet.register()
    assert tasks.tenant_created.delay(**fleet.tenant_payload()).get(timeout=60)["done"] == 1
    wait_until(lambda: scratches(fleet), "nobody makes a template")
    if dies == "its connection":
        ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'migrator template'"
        assert fleet.rows("one", f"{ended} AND datname = current_database()") == [(True,)]
    elif dies == "its child":
        for child in celery_setup.worker.container.children():
            os.kill(child.pid, signal.SIGKILL)
    else:
        celery_setup.worker.kill()
        if dies == "the worker with its message":
            celery_setup.broker.container.client.flushall()
        celery_setup.worker.restart()
    made = "SELECT 1 FROM migrator.template WHERE made_at IS NOT NULL"
    wait_until(lambda: fleet.rows("control", made), "no template was made", 60)
    wait_until(lambda: not scratches(fleet), lambda: f"{scratches(fleet)} were left")
