"""Maintenance by real workers and beats: waiting for its time, windows, and what each type does."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

import tasks
from migrator.cli.processes import Processes
from migrator.errors import BadPayload, EventFailedBefore, ExecutionFailed
from migrator.fleet import ledger, steering
from migrator.local import client_programs
from migrator.model.event import EventStatus
from migrator.schema.snapshot_store import SnapshotStore
from tests.acceptance.fleet import FIRST
from tests.acceptance.nodes import wait_until

pytestmark = pytest.mark.usefixtures("celery_setup")
SLOW = "SELECT pg_sleep(0.1);"
WINDOW, EVERY = 5.0, 8.0
SLACK = 2.0
"""Seconds that a target which was begun inside the window may end after it."""


@pytest.fixture
def worker_settings():
    return {
        "MIGRATOR_LEASE": "4",
        "MIGRATOR_UPKEEP_EVERY": "0.5",
        "MIGRATOR_LANE_SLICE": "1",
        "MIGRATOR_PROGRESS_EVERY": "0.2",
        "MIGRATOR_TEMPLATES": "false",  # a template is quick, and the scripts here are to be slow
        "MIGRATOR_PG_BIN": str(client_programs()),
        "MIGRATOR_SNAPSHOT_KEEP_DAYS": "0",
        "MIGRATOR_SNAPSHOT_KEEP_LAST": "2",
        "MIGRATOR_MAINTENANCE": json.dumps({"minutely": {"schedule": "* * * * *", "type": "analyze"}}),
    }


def asked(type_, opens=None, **more):
    when = (opens or datetime.now(UTC)).isoformat()
    return {"maintenance_id": "m", "maintenance_type": type_, "scheduled_time": when, **more}


def carried_out(type_, **more):
    return tasks.maintenance_scheduled.delay(**asked(type_, **more)).get(timeout=60)


@pytest.mark.usefixtures("beat")
def test_what_does_not_fit_into_a_window_rolls_over_and_is_done_in_the_next(fleet):
    fleet.write("V1__account.sql", FIRST + SLOW)
    fleet.register(tenants=300)
    opens = datetime.now(UTC) + timedelta(seconds=1)
    in_minutes = {"maintenance_window": WINDOW / 60, "window_every": EVERY / 60}
    sent = tasks.maintenance_scheduled.delay(**asked("migrate", opens, **in_minutes))
    report = sent.get(timeout=120)
    assert (report["state"], report["total"], report["done"], report["applied"]) == ("completed", 300, 300, 300)
    assert report["windows"] > 1
    with fleet.store.begin() as connection:
        ends = [row.finished_at for row in ledger.outcomes(connection, sent.id)]
        rolled = [action for action in steering.actions(connection, sent.id) if action.action == "roll_over"]
    assert report["windows"] == 1 + len(rolled)
    assert max((end - opens).total_seconds() % EVERY for end in ends) < WINDOW + SLACK
    assert len({(end - opens).total_seconds() // EVERY for end in ends}) == report["windows"]
    for number in range(1, 301):
        assert fleet.history(("one", "two")[number % 2], f"tenant_{number}") == ["V1__account.sql"]


@pytest.mark.usefixtures("beat")
def test_maintenance_that_is_due_later_waits_in_the_ledger_and_not_in_the_broker(fleet, celery_setup):
    fleet.write("V1__account.sql", FIRST)
    fleet.register(tenants=3)
    opens = datetime.now(UTC) + timedelta(seconds=5)
    sent = tasks.maintenance_scheduled.delay(**asked("migrate", opens))
    waiting = wait_until(lambda: (event := fleet.event(sent.id)) and event.status is EventStatus.PENDING and event)
    assert waiting.scheduled_at == opens
    assert fleet.execution(sent.id) is None
    celery_setup.broker.container.client.flushall()
    done = wait_until(lambda: (event := fleet.event(sent.id)).status is EventStatus.COMPLETED and event)
    assert done.report["done"] == 3
    assert fleet.execution(sent.id).created_at >= opens


def test_a_window_that_is_over_is_taken_the_next_time(fleet):
    opens = datetime.now(UTC) - timedelta(hours=3)
    sent = tasks.maintenance_scheduled.delay(**asked("analyze", opens))
    waiting = wait_until(lambda: (event := fleet.event(sent.id)) and event.status is EventStatus.PENDING and event)
    assert waiting.scheduled_at == opens + timedelta(days=1)


def test_maintenance_that_waits_for_its_time_can_be_called_off(fleet):
    sent = tasks.maintenance_scheduled.delay(**asked("analyze", datetime.now(UTC) + timedelta(days=1)))
    wait_until(lambda: (event := fleet.event(sent.id)) and event.status is EventStatus.PENDING)
    code, said = fleet.command_json("cancel", sent.id)
    assert (code, said["changed"], said["summary"]) == (0, True, f"event {sent.id} is called off")
    with pytest.raises(EventFailedBefore, match=r"it was called off by .* before its time"):
        sent.get(timeout=30)
    assert fleet.command_json("cancel", sent.id)[1]["changed"] is False


def test_a_type_that_does_not_exist_is_refused_at_the_door(fleet):
    sent = tasks.maintenance_scheduled.delay(**asked("vacuum", datetime.now(UTC) + timedelta(days=1)))
    with pytest.raises(BadPayload, match="'validate', 'drift', 'snapshot', 'reindex' or 'analyze'"):
        sent.get(timeout=30)
    assert fleet.event(sent.id).status is EventStatus.FAILED


@pytest.fixture
def migrated(fleet):
    """Six tenants at version 1."""
    fleet.write("V1__account.sql", FIRST)
    fleet.register(tenants=6)
    tasks.migration_requested.delay(request_id="r", scope="tenant", requested_by="a test").get(timeout=60)
    return fleet


def test_validating_tells_which_history_and_folder_disagree(migrated):
    report = carried_out("validate")
    assert (report["state"], report["done"], report["applied"]) == ("completed", 6, 0)
    assert report["summary"].startswith("6 of 6 targets validated")
    migrated.rows("one", "UPDATE tenant_2.flyway_schema_history SET checksum = 1")
    with pytest.raises(ExecutionFailed) as raised:
        carried_out("validate")
    report = raised.value.report
    assert (report["done"], report["failed"], report["failures"][0]["schema"]) == (5, 1, "tenant_2")
    assert "V1__account.sql was changed after it was applied" in report["failures"][0]["message"]


def test_looking_for_drift_names_the_targets_that_are_not_as_the_others(migrated):
    report = carried_out("drift")
    assert (report["state"], report["done"], report["drifted"]) == ("completed", 6, [])
    migrated.rows("two", "ALTER TABLE tenant_3.account ADD COLUMN note text")
    with pytest.raises(ExecutionFailed) as raised:
        carried_out("drift")
    report = raised.value.report
    assert (report["state"], report["done"], report["failed"]) == ("failed", 6, 0)
    assert [(odd["database"], odd["schema"], odd["version"]) for odd in report["drifted"]] == [("two", "tenant_3", "1")]
    assert report["reason"] == "1 targets are not as most of their peers are"


def test_analyzing_and_reindexing_reach_every_target_whether_it_is_behind_or_not(migrated):
    migrated.write("V2__more.sql", "CREATE TABLE more ()")
    sent = tasks.maintenance_scheduled.delay(**asked("analyze"))
    assert sent.get(timeout=60)["summary"].startswith("6 of 6 targets analyzed")
    assert {row.note for row in migrated.outcomes(sent.id).values()} == {"2 tables analyzed"}
    sent = tasks.maintenance_scheduled.delay(**asked("reindex", target_schemas=["tenant_2", "tenant_4"]))
    assert sent.get(timeout=60)["summary"].startswith("2 of 2 targets reindexed")
    assert {row.note for row in migrated.outcomes(sent.id).values()} == {"there was no invalid index"}


def test_snapshots_are_taken_of_every_target_and_old_ones_deleted_but_not_the_last(migrated, tmp_path):
    for count in (1, 2, 2):
        report = carried_out("snapshot")
        assert (report["state"], report["done"]) == ("completed", 6)
        assert report["summary"].startswith("6 of 6 targets stored")
        stored = SnapshotStore(str(tmp_path / "snapshots")).snapshots()
        assert len(stored) == 6 * count
        ours = {snapshot.schema: snapshot.id for snapshot in stored if snapshot.execution == report["execution"]}
        assert ours == {name: row.snapshot for name, row in migrated.outcomes(report["execution"]).items()}


def test_a_migration_that_halts_inside_its_window_asks_for_its_own_rollback(fleet):
    fleet.write("V1__account.sql", FIRST)
    fleet.register(tenants=6)
    fleet.rows("one", "CREATE SCHEMA tenant_2; CREATE TABLE tenant_2.account ()")
    sent = tasks.maintenance_scheduled.delay(**asked("migrate", canary_tenants=["2"]))
    with pytest.raises(ExecutionFailed) as raised:
        sent.get(timeout=60)
    assert (raised.value.report["state"], raised.value.report["options"]["on_halt"]) == ("halted", "rollback")
    event = wait_until(lambda: fleet.event(f"{sent.id}:rollback"))
    assert (event.type.value, event.payload["execution_id"]) == ("rollback.requested", sent.id)


def test_three_beats_make_one_run_of_each_tick(fleet, worker_settings, celery_setup, tmp_path):
    fleet.register(tenants=2)
    for home, schema in (("two", "tenant_1"), ("one", "tenant_2")):
        fleet.rows(home, f"CREATE SCHEMA {schema}")
    beats = {f"beat{n}": f"celery -A tasks beat --schedule={tmp_path / f'schedule{n}'}" for n in range(3)}
    with Processes(beats, fleet.environment | worker_settings, tmp_path):
        ticks = wait_until(lambda: len(found := ticked(celery_setup.worker)) >= 3 and found, "no tick came", 75)
        ids = {tick["event_id"] for tick in ticks}
        wait_until(lambda: all(fleet.event(id_).status is EventStatus.COMPLETED for id_ in ids))
    assert len(ids) == 1, "all three sent the same tick"
    assert sum(tick["stored"] for tick in ticks) == 1
    [tick] = ids
    assert fleet.rows("control", f"SELECT count(*) FROM migrator.execution WHERE id = '{tick}'") == [(1,)]
    assert fleet.event(tick).report["done"] == 2


def ticked(worker):
    """What the worker logged of ticks."""
    lines = [line for line in worker.logs().splitlines() if line.startswith("{") and '"tick"' in line]
    return [said for said in map(json.loads, lines) if said["event"] == "tick"]
