"""Many events at once, from several processes; the big version is ``make load``."""

from __future__ import annotations

import pytest

from tests.acceptance.nodes import wait_until
from tests.load.publisher import publish_by_many

EVENTS = 500
MIGRATE_EVERY = 50


@pytest.mark.usefixtures("celery_setup")
def test_of_many_events_at_once_none_is_lost_and_none_is_carried_out_twice(fleet, services):
    fleet.write("V1__account.sql", "CREATE TABLE account (id int); INSERT INTO account VALUES (1);")
    fleet.register()
    url = services.valkey.url()
    messages = publish_by_many(url, url, EVENTS, fleet.databases, MIGRATE_EVERY, processes=2)
    assert messages > EVENTS
    ended = "SELECT count(*) FROM migrator.event WHERE status IN ('completed', 'failed')"
    wait_until(lambda: fleet.rows("control", ended) == [(EVENTS,)], "not all events came to an end", 180)
    statuses = "SELECT status, count(*) FROM migrator.event GROUP BY 1"
    assert fleet.rows("control", statuses) == [("completed", EVENTS)]
    assert fleet.rows("control", "SELECT count(*) FROM migrator.tenant WHERE id LIKE 'load%'") == [(EVENTS,)]
    for number in range(0, EVENTS, MIGRATE_EVERY):
        home = fleet.databases[number % 2]
        assert fleet.rows(home, f"SELECT count(*) FROM load_{number}.account") == [(1,)]
