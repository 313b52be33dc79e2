"""Published events on their way to real workers: whatever dies in between, each has its effect once and in order."""

from __future__ import annotations

import os
import signal
import time
from contextlib import contextmanager

import psycopg2
import pytest

import tasks
from migrator import client
from migrator.cli.processes import Processes
from migrator.errors import BadPayload
from migrator.fleet import outbox
from tests.acceptance.fleet import FIRST
from tests.acceptance.nodes import wait_until

HIGH = "high"
STALL = """CREATE FUNCTION migrator.stall() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN NULL; END $$;
CREATE TRIGGER stall AFTER UPDATE OF sent_at ON migrator.event FOR EACH ROW EXECUTE FUNCTION migrator.stall()"""


@pytest.fixture
def worker_settings():
    return {"MIGRATOR_LEASE": "3", "MIGRATOR_UPKEEP_EVERY": "0.5"}


@pytest.fixture
def application(fleet):
    """The application's own connection to the control database."""
    opened = psycopg2.connect(fleet.services.postgres.url(fleet.names["control"]), application_name="application")
    yield opened
    opened.close()


@pytest.fixture
def publish(application):
    def stored(event, payload, **options):
        with application:
            return client.publish(application, event, payload, **options)

    return stored


@pytest.fixture
def relays(fleet, tmp_path):
    """Starts relays in processes of their own."""

    @contextmanager
    def start(*names):
        logs = tmp_path / "-".join(names)
        with Processes(dict.fromkeys(names, "migrator.cli relay"), fleet.environment, logs) as running:
            yield running

    return start


@pytest.fixture
def queued(services, celery_broker_cluster):
    """How many messages wait in a queue; nobody else uses the broker in this test."""
    broker = next(iter(celery_broker_cluster)).container.client
    return lambda queue=HIGH: broker.llen(queue)


def ended(fleet, event_id):
    return lambda: (event := fleet.event(event_id)) and event.status.is_end and event


def completed(fleet, ids):
    found = "SELECT count(*) FROM migrator.event WHERE status = 'completed'"
    wait_until(lambda: fleet.rows("control", found) == [(len(ids),)], lambda: str(unlike(fleet)), 120)


def unlike(fleet):
    return fleet.rows("control", "SELECT id, status, error_message FROM migrator.event WHERE status <> 'completed'")


@pytest.mark.usefixtures("celery_setup")
def test_a_published_event_is_carried_out_and_its_result_is_found_under_its_id(fleet, publish):
    fleet.write("V1__account.sql", FIRST)
    fleet.register()
    event_id = publish("tenant.created", fleet.tenant_payload())
    assert tasks.app.AsyncResult(event_id).get(timeout=30)["version"] == "1"
    assert fleet.history("one", "tenant_7") == ["V1__account.sql"]
    event = fleet.event(event_id)
    assert (event.status, event.max_retries, event.sent_at is not None) == ("completed", 3, True)


@pytest.mark.usefixtures("celery_setup")
def test_what_was_rolled_back_is_never_sent(fleet, application, publish):
    fleet.register()
    client.publish(application, "tenant.created", fleet.tenant_payload("1", auto_migrate=False), id="undone")
    application.rollback()
    publish("tenant.created", fleet.tenant_payload("2", auto_migrate=False), id="done")
    wait_until(ended(fleet, "done"))
    assert fleet.event("undone") is None
    assert fleet.rows("control", "SELECT id FROM migrator.tenant") == [("2",)]


class TestWoken:
    """Nobody polls here: what is sent was told by NOTIFY."""

    @pytest.fixture
    def worker_settings(self):
        return {"MIGRATOR_RELAY_EVERY": "600"}

    @pytest.mark.usefixtures("celery_setup")
    def test_a_commit_wakes_the_relay_at_once(self, fleet, publish):
        fleet.register()
        waited = []
        for number in range(5):
            began = time.monotonic()
            publish("tenant.created", fleet.tenant_payload(str(number), auto_migrate=False), id=str(number))
            wait_until(lambda: fleet.event(str(number)).sent_at)  # noqa: B023
            waited.append(time.monotonic() - began)
        assert sorted(waited)[2] < 1.0, waited


@pytest.mark.usefixtures("celery_setup")
def test_what_was_published_while_the_broker_was_down_is_sent_when_it_is_back(fleet, publish, services, celery_setup):
    fleet.register()
    services.valkey.kill()
    try:
        ids = [publish("tenant.created", fleet.tenant_payload(str(n), auto_migrate=False)) for n in range(3)]
        wait_until(lambda: "events cannot be relayed, they wait" in celery_setup.worker.logs())
        assert all(fleet.event(event_id).is_unsent for event_id in ids)
    finally:
        services.valkey.start()
    completed(fleet, ids)
    ids.append(publish("tenant.created", fleet.tenant_payload("after", auto_migrate=False)))
    completed(fleet, ids)


@pytest.mark.usefixtures("celery_setup")
def test_the_relay_goes_on_when_its_connections_to_the_control_database_were_cut(fleet, publish, celery_setup):
    fleet.register()
    publish("tenant.created", fleet.tenant_payload("1", auto_migrate=False), id="1")
    wait_until(ended(fleet, "1"))
    cut = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'migrator control' AND datname"
    )
    fleet.rows("control", f"{cut} = '{fleet.names['control']}'")
    publish("tenant.created", fleet.tenant_payload("2", auto_migrate=False), id="2")
    wait_until(ended(fleet, "2"))
    wait_until(lambda: "events are relayed again" in celery_setup.worker.logs())
    assert "the relay was interrupted" not in celery_setup.worker.logs()


def test_a_relay_killed_between_sending_and_marking_sends_twice_and_the_effect_is_there_once(
    fleet, publish, relays, queued, celery_setup_app, celery_backend_cluster, tmp_path, request
):
    fleet.write("V1__account.sql", FIRST)
    fleet.register()
    fleet.rows("control", STALL)
    with fleet_lock(fleet), relays("killed") as running:
        publish("tenant.created", fleet.tenant_payload(), id="once")
        wait_until(lambda: queued() == 1)
        assert fleet.event("once").is_unsent
        os.kill(running.pids()["killed"], signal.SIGKILL)
    assert queued() == 1
    with relays("next"):
        wait_until(lambda: fleet.event("once").sent_at)
        assert queued() == 2
    request.getfixturevalue("celery_setup")
    wait_until(ended(fleet, "once"))
    wait_until(lambda: queued() == 0)
    report = tasks.app.AsyncResult("once")
    assert fleet.history("one", "tenant_7") == ["V1__account.sql"]
    assert (fleet.execution("once").done, fleet.execution("once").failed) == (1, 0)
    assert report.get(timeout=30)["version"] == "1"
    assert fleet.rows("control", "SELECT count(*) FROM migrator.event") == [(1,)]


@contextmanager
def fleet_lock(fleet):
    """Whoever marks an event as sent has to wait."""
    holder = psycopg2.connect(fleet.services.postgres.url(fleet.names["control"]))
    with holder.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(4711)")
    try:
        yield
    finally:
        holder.close()


@pytest.mark.parametrize("celery_worker_count", [2])
@pytest.mark.usefixtures("celery_setup")
def test_relays_beside_each_other_keep_300_events_of_20_tenants_in_order_and_deliver_each(fleet, application, relays):
    """Each event says where the tenant lives now; one that came before its predecessor would overtake it."""
    fleet.register()
    noted = """CREATE TABLE migrator.noted (n bigint GENERATED ALWAYS AS IDENTITY, tenant text, slug text);
        CREATE FUNCTION migrator.note() RETURNS trigger LANGUAGE plpgsql SET search_path = migrator AS
        $$ BEGIN INSERT INTO noted (tenant, slug) VALUES (NEW.id, NEW.slug); RETURN NULL; END $$;
        CREATE TRIGGER note AFTER INSERT OR UPDATE ON migrator.tenant FOR EACH ROW EXECUTE FUNCTION migrator.note()"""
    fleet.rows("control", noted)
    ids = []
    with relays("one", "two"):
        for step in range(15):
            for number in range(20):
                tenant = str(number)
                created = ("tenant.created", fleet.tenant_payload(tenant, tenant_slug="0", auto_migrate=False))
                updated = ("tenant.updated", {"tenant_id": tenant, "tenant_slug": str(step)})
                with application:
                    ids.append(client.publish(application, *(updated if step else created)))
        completed(fleet, ids)
    slugs = fleet.rows("control", "SELECT tenant, array_agg(slug ORDER BY n) FROM migrator.noted GROUP BY tenant")
    assert len(slugs) == 20
    assert all(seen == [str(step) for step in range(15)] for _, seen in slugs)


@pytest.mark.usefixtures("celery_setup")
def test_order_holds_through_retries(fleet, publish):
    publish("tenant.created", fleet.tenant_payload("1", auto_migrate=False), id="created")
    publish("tenant.updated", {"tenant_id": "1", "tenant_slug": "renamed"}, id="updated")
    wait_until(lambda: fleet.event("created").retry_count)
    assert fleet.event("updated").is_unsent
    fleet.register()
    assert wait_until(ended(fleet, "updated")).status == "completed"
    assert fleet.rows("control", "SELECT slug FROM migrator.tenant") == [("renamed",)]


@pytest.mark.usefixtures("celery_setup")
def test_a_wrong_payload_by_sql_is_stored_as_failed_with_its_sentence_and_those_behind_it_go_on(fleet, publish):
    fleet.register()
    wrong = """'{"tenant_id": "1", "tenant_slug": 5, "password": "hunter2"}'"""
    fleet.rows("control", f"SELECT migrator.publish('tenant.created', {wrong}, 'wrong')")
    publish("tenant.created", fleet.tenant_payload("1", auto_migrate=False), id="behind")
    failed = wait_until(ended(fleet, "wrong"))
    assert "password is not a field of this event" in failed.error_message
    assert (failed.status, failed.payload) == ("failed", {"tenant_id": "1", "tenant_slug": 5})
    with pytest.raises(BadPayload, match="tenant_slug: Input should be a valid string"):
        tasks.app.AsyncResult("wrong").get(timeout=30)
    assert wait_until(ended(fleet, "behind")).status == "completed"


class TestWithoutRelay:
    """The setting relay is false, and nobody started one."""

    @pytest.fixture
    def worker_settings(self):
        return {"MIGRATOR_RELAY": "false", "MIGRATOR_RELAY_EVERY": "0.5", "MIGRATOR_UPKEEP_EVERY": "0.5"}

    @pytest.mark.usefixtures("celery_setup")
    def test_events_stay_unsent_are_listed_and_sent_by_a_command(self, fleet, publish):
        fleet.register()
        publish("tenant.created", fleet.tenant_payload("1", auto_migrate=False), id="waits")
        code, listed = fleet.command_json("events", "--unsent")
        assert (code, [(row["id"], row["unsent"]) for row in listed]) == (0, [("waits", True)])
        with fleet.store.begin() as connection:
            assert outbox.relay_lag(connection) > 0
        assert fleet.command_json("relay", "--once") == (0, {"sent": 1})
        assert wait_until(ended(fleet, "waits")).status == "completed"
        assert fleet.command_json("events", "list", "--unsent") == (0, [])

    @pytest.mark.usefixtures("celery_setup", "beat")
    def test_upkeep_sends_what_no_relay_sends(self, fleet, publish):
        fleet.register()
        publish("tenant.created", fleet.tenant_payload("1", auto_migrate=False), id="old")
        assert wait_until(ended(fleet, "old")).status == "completed"


@pytest.mark.usefixtures("beat")
def test_an_event_that_was_sent_and_lost_with_the_broker_is_sent_again(fleet, publish, celery_setup):
    fleet.register()
    celery_setup.worker.container.process.send_signal(signal.SIGSTOP)
    assert fleet.command_json("relay", "--once") == (0, {"sent": 0})
    publish("tenant.created", fleet.tenant_payload("1", auto_migrate=False), id="lost")
    assert fleet.command_json("relay", "--once") == (0, {"sent": 1})
    celery_setup.broker.container.client.flushall()
    celery_setup.worker.container.process.send_signal(signal.SIGCONT)
    assert wait_until(ended(fleet, "lost"), seconds=60).status == "completed"
    assert fleet.rows("control", "SELECT sends FROM migrator.event")[0][0] >= 2


@pytest.mark.usefixtures("beat")
def test_children_that_are_killed_and_forked_anew_beside_the_relay_lose_no_event(fleet, publish, celery_setup):
    fleet.register()
    ids = []
    for number in range(60):
        ids.append(publish("tenant.created", fleet.tenant_payload(str(number), auto_migrate=False)))
        if number % 10 == 5:
            os.kill(wait_until(celery_setup.worker.container.children)[-1].pid, signal.SIGKILL)
            wait_until(lambda: len(celery_setup.worker.container.children()) >= 3)
    completed(fleet, ids)
    assert fleet.rows("control", "SELECT count(*) FROM migrator.tenant") == [(60,)]


def test_a_relay_of_its_own_ends_when_it_is_asked_to(relays, publish, fleet, celery_setup_app, queued):
    with relays("alone") as running:
        publish("tenant.created", fleet.tenant_payload("1"), id="sent")
        wait_until(lambda: fleet.event("sent").sent_at)
        os.kill(running.pids()["alone"], signal.SIGTERM)
        wait_until(lambda: not running.pids())
        assert "Traceback" not in running.log("alone").read_text()
    assert queued() == 1


def test_celery_itself_starts_a_relay(publish, fleet, tmp_path, celery_setup_app):
    command = {"relay": "celery -A tasks relay"}
    with Processes(command, fleet.environment, tmp_path):
        publish("tenant.created", fleet.tenant_payload("1"), id="sent")
        wait_until(lambda: fleet.event("sent").sent_at)
