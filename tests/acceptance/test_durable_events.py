"""No message is acknowledged before the disk has what the control database was told of it.

A server that waits for a replica that does not exist ends no transaction that has to be durable, and any other one.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

import tasks
from migrator.model.event import EventStatus
from tests.acceptance.fleet import FIRST
from tests.acceptance.nodes import wait_until

WAITS_FOR_THE_DISK = """SELECT 1 FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'migrator control' AND wait_event = 'SyncRep'"""


@pytest.fixture
def let_it_be_durable(fleet, celery_setup):
    """From now on nothing reaches a disk, until this is called."""
    fleet.write("V1__account.sql", FIRST)
    fleet.register(tenants=4)
    fleet.rows("control", "ALTER ROLE postgres SET synchronous_commit = on")
    fleet.rows("control", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name ^@ 'migrator'")

    def durable(replica):
        fleet.rows("control", f"ALTER SYSTEM SET synchronous_standby_names = '{replica}'")
        fleet.rows("control", "SELECT pg_reload_conf()")
        wait_until(lambda: fleet.rows("control", "SHOW synchronous_standby_names") == [(replica,)])

    durable("nobody")
    yield lambda: durable("")
    durable("")


def maintenance():
    opens = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    return {"maintenance_id": "m", "maintenance_type": "analyze", "scheduled_time": opens}


WAYS = {
    "completed": lambda fleet: tasks.tenant_created.delay(**fleet.tenant_payload(auto_migrate=False)),
    "failed": lambda fleet: tasks.tenant_created.delay(**fleet.tenant_payload(schema_name="pg_bad")),
    "retrying": lambda fleet: tasks.tenant_created.delay(**fleet.tenant_payload(database_id="nowhere")),
    "pending": lambda fleet: tasks.maintenance_scheduled.delay(**maintenance()),
    "an execution": lambda fleet: tasks.migration_requested.delay(
        request_id="r", scope="tenant", requested_by="a test"
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_message_is_kept_until_the_disk_has_its_event_however_it_goes_on(fleet, celery_setup, let_it_be_durable, way):
    valkey = celery_setup.broker.container.client
    sent = WAYS[way](fleet)
    event = wait_until(lambda: fleet.event(sent.id), "the event was not stored")
    wait_until(lambda: fleet.rows("control", WAITS_FOR_THE_DISK), "nothing waits for the disk")
    assert event.status is EventStatus.PROCESSING
    assert valkey.hlen("unacked") >= 1
    let_it_be_durable()
    status = EventStatus.COMPLETED if way == "an execution" else EventStatus(way)
    wait_until(lambda: fleet.event(sent.id).status is status)
