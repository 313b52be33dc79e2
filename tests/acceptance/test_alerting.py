"""What is wrong is told within ten seconds, once, and so is its end; without beat too, and when a channel was down."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import signal
import time

import pytest

import tasks
from migrator.fleet import alerts, deliveries, ticks
from migrator.watch.timeline import Kind, timeline
from tests.acceptance.fleet import FIRST
from tests.acceptance.nodes import wait_until
from tests.acceptance.test_rollouts import break_, repair, request
from tests.receiver import Receiver

CANARY = "xoxb-Canary-5ecret"
PROMISE = 10.0
SILENT = 6.0
QUICK = {"MIGRATOR_UPKEEP_EVERY": "0.5", "MIGRATOR_LEASE": "4", "MIGRATOR_LOG_LEVEL": "DEBUG"}


@pytest.fixture
def receiver():
    with Receiver() as running:
        yield running


@pytest.fixture
def more():
    """Settings of alerts beyond the channels; a test overrides it."""
    return {}


@pytest.fixture
def worker_settings(receiver, more):
    channels = {
        "ops": {"url": f"{receiver.apprise}/{CANARY}?token={CANARY}"},
        "pager": {"webhook": "env:HOOK", "secret": "env:HOOK_SECRET"},
    }
    chosen = {"channels": channels, "calm": 0, "retry_backoff": 0.5, "retry_backoff_max": 1, **more}
    hook = {"HOOK": f"{receiver.webhook}/{CANARY}", "HOOK_SECRET": CANARY}
    return QUICK | hook | {"MIGRATOR_ALERTS": json.dumps(chosen)}


@pytest.fixture
def halt(fleet):
    """Has an execution halt; returns its id and the moment at which the ledger says that it did."""

    def now():
        fleet.write("V1__account.sql", FIRST)
        fleet.register(tenants=6)
        break_(fleet, range(1, 7))
        sent = tasks.migration_requested.delay(**request(canary=0, max_failures="0"))
        row = wait_until(lambda: (row := fleet.execution(sent.id)) and row.state == "halted" and row, "no halt", 60)
        return sent.id, row.finished_at.timestamp()

    return now


def told(receiver, path, kind):
    return [said for said in receiver.documents(path) if said.get("kind", said.get("type")) == kind]


def shown(fleet, rule):
    with fleet.store.begin() as connection:
        return [row for row in alerts.listed(connection, resolved=True) if row.rule == rule]


def test_a_halted_execution_is_told_within_ten_seconds_once_and_so_is_its_end(
    fleet, receiver, halt, beat, celery_setup, services
):
    id_, at = halt()
    wait_until(lambda: told(receiver, "/told", "failure") and told(receiver, "/hook", "fired"), "nobody was told", 30)
    assert time.time() - at < PROMISE
    [said] = told(receiver, "/hook", "fired")
    assert (said["rule"], said["key"], said["severity"]) == ("execution_halted", id_, "error")
    assert f"'migrator retry {id_}'" in said["text"]
    repair(fleet, range(1, 7))
    assert fleet.command("retry", id_).returncode == 0
    wait_until(
        lambda: told(receiver, "/told", "success") and told(receiver, "/hook", "resolved"), "no end was told", 30
    )
    assert len(told(receiver, "/told", "failure")) == len(told(receiver, "/told", "success")) == 1
    assert len(told(receiver, "/hook", "fired")) == len(told(receiver, "/hook", "resolved")) == 1
    assert told(receiver, "/told", "success")[0]["message"].startswith("This is over after")
    [row] = shown(fleet, "execution_halted")
    code, page = fleet.command_json("alerts", "show", str(row.id))
    assert (code, page["state"]) == (0, "resolved")
    sent = [(each["channel"], each["kind"], each["state"], each["tries"]) for each in page["deliveries"]]
    assert sorted(sent) == sorted(
        (channel, kind, "sent", 1) for channel in ("ops", "pager") for kind in ("fired", "resolved")
    )
    _every_request_is_signed(receiver)
    _canary_is_nowhere(fleet, celery_setup)
    with fleet.store.begin() as connection:
        found = timeline(connection, row.first_at.replace(year=2000), row.last_at.replace(year=2100))
    kinds = [(each.kind, each.what) for each in found if each.execution == id_]
    for expected in ((Kind.ALERT, "fired"), (Kind.ALERT, "resolved"), (Kind.ACTION, "retry"), (Kind.WAVE, "sent")):
        assert expected in kinds
    assert (Kind.EXECUTION, "completed") in kinds


def _every_request_is_signed(receiver):
    for path, headers, body in receiver.got:
        if path.startswith("/hook"):
            signed = headers["X-Migrator-Timestamp"].encode() + b"." + body
            expected = "v1=" + hmac.new(CANARY.encode(), signed, hashlib.sha256).hexdigest()
            assert hmac.compare_digest(headers["X-Migrator-Signature"], expected)
            assert abs(time.time() - int(headers["X-Migrator-Timestamp"])) < 60


def _canary_is_nowhere(fleet, celery_setup):
    query = "SELECT tablename FROM pg_tables WHERE schemaname = 'migrator'"
    tables = [name for (name,) in fleet.rows("control", query)]
    assert {"alert", "delivery", "event"} <= set(tables)
    for table in tables:
        assert CANARY.lower() not in str(fleet.rows("control", f"SELECT * FROM migrator.{table}")).lower(), table
    for worker in celery_setup.worker_cluster:
        assert "alert delivered" in worker.logs()
        assert CANARY.lower() not in worker.logs().lower()


def test_a_channel_that_is_down_is_tried_again_recorded_and_told_when_it_is_back(
    fleet, receiver, halt, beat, celery_setup
):
    receiver.status = 500
    halt()
    [row] = wait_until(lambda: shown(fleet, "execution_halted"), "no alert")

    def tries():
        with fleet.store.begin() as connection:
            return deliveries.of_alert(connection, row.id)

    wait_until(lambda: [each for each in tries() if each.tries >= 3], "it is not tried again", 30)
    assert {(each.state, each.channel) for each in tries()} == {("pending", "ops"), ("pending", "pager")}
    assert "it answered 500" in next(each.error for each in tries() if each.channel == "pager")
    receiver.status = 200
    wait_until(lambda: {each.state for each in tries()} == {"sent"}, lambda: str(tries()), 30)
    assert len(told(receiver, "/hook", "fired")) == len(told(receiver, "/told", "failure")) == 1
    assert receiver.refused >= 4
    _canary_is_nowhere(fleet, celery_setup)


class TestWithoutBeat:
    @pytest.fixture
    def more(self):
        return {"beat_silent": SILENT}

    def test_beat_that_is_killed_is_missed_by_the_workers_and_its_return_too(
        self, fleet, receiver, worker_settings, celery_setup, beat
    ):
        def last():
            with fleet.store.begin() as connection:
                return ticks.tick(connection, ticks.BEAT)

        def silent(kind):
            return [said for said in told(receiver, "/hook", kind) if said["rule"] == "beat_silent"]

        wait_until(last, "beat never ticked")
        wait_until(lambda: len(silent("fired")) == len(silent("resolved")), "its first tick was not noticed", 30)
        before = len(silent("fired"))
        os.kill(beat.pids()["beat"], signal.SIGKILL)
        wait_until(lambda: len(silent("fired")) > before, "nobody missed it", 40)
        assert time.time() - last().at.timestamp() < SILENT + PROMISE
        assert silent("fired")[-1]["severity"] == "critical"
        assert beat.revive() == ["beat"]
        wait_until(lambda: len(silent("resolved")) > before, "its return was not told", 40)

    def test_an_alert_is_told_though_no_child_of_any_worker_can_take_it_up(
        self, fleet, receiver, worker_settings, celery_setup
    ):
        fleet.write("V1__slow.sql", "SELECT pg_sleep(20);")
        fleet.register(tenants=8)
        tasks.migration_requested.delay(**request(canary=0, lanes=4))
        wait_until(lambda: told(receiver, "/hook", "fired"), "nobody was told", 30)


def test_a_channel_that_hangs_holds_up_neither_the_migration_nor_the_other_channel(
    fleet, receiver, halt, beat, celery_setup
):
    halt()
    wait_until(lambda: told(receiver, "/hook", "fired"), "nobody was told", 30)
    receiver.hold.clear()
    assert fleet.command("cancel", shown(fleet, "execution_halted")[0].key).returncode == 0
    wait_until(lambda: shown(fleet, "execution_halted")[0].resolved_at, "it was not resolved")
    fleet.write("V1__account.sql", "CREATE TABLE other (id int)")
    fleet.rows("one", "DROP SCHEMA IF EXISTS tenant_2 CASCADE")
    code, report = fleet.command_json("migrate", "--tenant", "2")
    assert (code, report["done"]) == (0, 1)


def test_a_test_goes_through_every_channel_and_says_what_came_of_each(fleet, receiver, worker_settings):
    code, said = _test(fleet, worker_settings)
    assert (code, [(each["channel"], each["sent"]) for each in said]) == (0, [("ops", True), ("pager", True)])
    assert [each["kind"] for each in receiver.documents("/hook")] == ["test"]
    receiver.status = 403
    done = fleet.command("alerts", "test", "--json", **worker_settings)
    said = json.loads(done.stdout)
    assert (done.returncode, [each["sent"] for each in said]) == (1, [False, False])
    assert "it answered 403" in said[1]["error"]
    assert CANARY.lower() not in (done.stdout + done.stderr).lower()
    code, said = _test(fleet, worker_settings, "--channel", "nobody")
    assert "there is no channel nobody" in said[0]["error"]


def _test(fleet, settings, *options):
    done = fleet.command("alerts", "test", *options, "--json", **settings)
    return done.returncode, json.loads(done.stdout)


def test_alerts_are_listed_silenced_and_told_again(fleet, receiver, halt, beat, celery_setup):
    id_, _ = halt()
    wait_until(lambda: told(receiver, "/hook", "fired"), "nobody was told", 30)
    code, found = fleet.command_json("alerts")
    [found] = [each for each in found if each["rule"] == "execution_halted"]
    assert (code, found["key"], found["state"]) == (0, id_, "open")
    code, said = fleet.command_json("alerts", "silence", str(found["id"]), "--for", "2h", "--reason", "we know")
    assert (code, said["alert"]) == (0, found["id"])
    page = fleet.command("alerts", "show", str(found["id"])).stdout
    assert "silenced by" in page
    assert "we know" in page
    code, said = fleet.command_json("alerts", "unsilence", str(found["id"]))
    assert (code, said["changed"]) == (0, True)
    wait_until(lambda: len(told(receiver, "/hook", "fired")) == 2, "it was not told again", 30)
    assert fleet.command("alerts", "silence", "4711", "--for", "2h").returncode == 2
    assert fleet.command("alerts", "silence", str(found["id"]), "--for", "soon").returncode == 2
    rules = fleet.command_json("alerts", "rules")[1]
    assert "execution_halted" in [each["rule"] for each in rules]
    assert id_ in fleet.command("timeline", "--since", "1h", "--kind", "alert").stdout
    assert fleet.command("timeline", "--since", "yesterdayish").returncode == 2
