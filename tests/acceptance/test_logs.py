"""What a worker writes to stderr is JSON, line by line, and each line says whose it is."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

import tasks
from config.queues import DOOR, STRICTEST_FIRST
from migrator.errors import ExecutionFailed
from tests.acceptance.fleet import FIRST
from tests.acceptance.nodes import wait_until
from tests.acceptance.test_rollouts import break_, request

IDS = {"event_id", "execution", "database", "schema", "tenant", "task", "task_id"}


@pytest.fixture
def stderr(fleet, celery_setup_app, celery_broker_cluster, tmp_path):
    """A worker on its own, at the level DEBUG; the lines of its stderr so far."""
    log = tmp_path / "stderr.log"
    command = [sys.executable, "-m", "celery", "-A", "tasks", "worker", "-n", "alone@%h", "-c", "2"]
    command += ["-Q", ",".join((*STRICTEST_FIRST, DOOR)), "--without-mingle", "--without-gossip"]
    environment = {**os.environ, **fleet.environment, "MIGRATOR_LOG_LEVEL": "DEBUG", "MIGRATOR_LANES": "1"}
    with log.open("wb") as errors, (tmp_path / "stdout.log").open("wb") as output:
        worker = subprocess.Popen(
            command, env=environment, cwd=tmp_path, stdout=output, stderr=errors, start_new_session=True
        )
    try:
        wait_until(lambda: "ready" in log.read_text(), lambda: log.read_text()[-2000:], 60)
        yield lambda: log.read_text().splitlines()
    finally:
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait(10)


def run(fleet):
    """Three targets: one is migrated, one is current, one fails; returns the execution."""
    fleet.write("V1__account.sql", FIRST)
    fleet.register(tenants=3, databases=("one",))
    break_(fleet, [])
    fleet.rows("one", "CREATE SCHEMA tenant_3; CREATE TABLE tenant_3.account ()")
    sent = tasks.migration_requested.delay(**request(canary=0, max_failures="100%"))
    with pytest.raises(ExecutionFailed):
        sent.get(timeout=60)
    return sent.id


def test_every_line_is_json_and_each_outcome_has_one_that_says_whose_it_is(fleet, stderr):
    id_ = run(fleet)
    wait_until(lambda: sum("target" in line for line in stderr()) >= 3, "the lines did not come")
    lines = [json.loads(line) for line in stderr()]
    assert all({"event", "level", "logger", "timestamp"} <= line.keys() for line in lines)
    outcomes = {line["schema"]: line for line in lines if line["event"] in ("target done", "target failed")}
    assert [line["event"] for line in lines if line.get("schema") and line["event"].startswith("target ")] == [
        "target done", "target done", "target failed"
    ]  # fmt: skip
    for number in (1, 2, 3):
        line = outcomes[f"tenant_{number}"]
        assert line.keys() >= IDS
        assert (line["event_id"], line["execution"]) == (id_, id_)
        assert (line["database"], line["tenant"], line["task"]) == ("one", str(number), "migrator.lane")
        assert line["migration"] == "V1__account.sql"
    assert [outcomes[f"tenant_{number}"]["level"] for number in (1, 2, 3)] == ["info", "info", "error"]
    assert outcomes["tenant_3"]["sqlstate"] == "42P07"
    assert {line["level"] for line in lines if line["event"] == "event failed"} <= {"error"}
    of_celery = [line for line in lines if line["logger"].startswith("celery") and "received" in line["event"]]
    assert {"migrator.lane", "migrator.migration.requested"} <= {line["task"] for line in of_celery}
    assert {line["logger"] for line in lines} >= {"celery.worker.consumer.connection", "migrator.target"}


def test_a_line_of_a_child_that_dies_is_json_too(fleet, stderr):
    fleet.write("V1__slow.sql", "SELECT pg_sleep(5);")
    fleet.register(tenants=1, databases=("one",))
    tasks.migration_requested.delay(**request(canary=0))
    query = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
    [pid] = wait_until(lambda: fleet.rows("one", query), lambda: "\n".join(stderr()[-20:]))[0]
    fleet.rows("one", f"SELECT pg_terminate_backend({pid})")
    wait_until(lambda: any("target is put back" in line for line in stderr()), "nothing was said", 30)
    lines = [json.loads(line) for line in stderr()]
    [line] = [line for line in lines if line["event"] == "target is put back"][:1]
    assert (line["level"], line["schema"], line["tenant"], line["database"]) == ("warning", "tenant_1", "1", "one")
