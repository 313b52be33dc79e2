"""The commands a person types, beside those that other tests type anyway."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest

from tests.acceptance.fleet import FIRST, SECOND
from tests.acceptance.nodes import wait_until


@pytest.fixture
def place():
    """A directory that every account can enter, because as root the servers run as another one."""
    with tempfile.TemporaryDirectory(prefix="migrator-test-") as made:
        Path(made).chmod(0o755)
        yield Path(made)


@pytest.mark.usefixtures("celery_setup")
def test_an_operator_registers_migrates_and_looks_without_writing_code(fleet):
    fleet.write("V1__account.sql", FIRST)
    where = ["--name", fleet.names["one"], "--host", "127.0.0.1", "--port", str(fleet.services.postgres.port)]
    assert fleet.command("database", "add", "one", "--username", "postgres", *where).returncode == 0
    added = fleet.command("tenant", "add", "7", "--slug", "acme", "--database", "one", "--schema", "tenant_acme")
    assert "schema tenant_acme of database one is at version 1, 1 migrations applied" in added.stdout
    fleet.write("V2__account_name.sql", SECOND)
    _, before = fleet.command_json("status")
    assert (before["databases"][0]["behind"], before["databases"][0]["versions"]) == (1, {"1": 1})
    code, started = fleet.command_json("migrate", "--detach")
    code, watched = fleet.command_json("watch", started["event"])
    assert (code, watched["done"], watched["version"]) == (0, 1, "2")
    _, listed = fleet.command_json("executions")
    assert [row["state"] for row in listed] == ["completed", "completed"]
    assert fleet.command_json("show", started["event"])[1]["applied"] == 1
    assert fleet.command_json("database", "list")[1][0]["id"] == "one"
    assert fleet.command_json("tenant", "list")[1][0]["schema"] == "tenant_acme"
    assert {row["type"] for row in fleet.command_json("events")[1]} == {
        "database.created",
        "tenant.created",
        "migration.requested",
    }
    assert fleet.command("tenant", "remove", "7").returncode == 0
    assert fleet.command("database", "remove", "one").returncode == 0
    assert fleet.schemas("one") == {"tenant_acme"}


def test_one_schema_is_migrated_with_no_broker_and_no_control_database(fleet):
    fleet.write("V1__account.sql", FIRST)
    url = fleet.services.postgres.url(fleet.names["one"])
    where = ["--url", url, "--schema", "tenant_solo", "--folder", str(fleet.migrations / "tenant")]
    nothing = {"MIGRATOR_CONTROL_URL": "", "MIGRATOR_BROKER_URL": ""}
    assert json.loads(fleet.command("schema", "status", *where, "--json", **nothing).stdout)["pending"] == [
        "V1__account.sql"
    ]
    assert json.loads(fleet.command("schema", "up", *where, "--json", **nothing).stdout)["version"] == "1"
    assert "0 pending" in fleet.command("schema", "status", *where, **nothing).stdout
    fleet.write("V2__broken.sql", "SELECT 1;\nSELEKT 2;")
    broken = fleet.command("schema", "up", *where, **nothing)
    assert broken.returncode == 1
    assert "V2__broken.sql:2 failed in schema tenant_solo with SQLSTATE 42601" in broken.stderr


def test_without_a_broker_a_command_says_which_setting_is_missing(fleet):
    done = fleet.command("migrate", MIGRATOR_BROKER_URL="redis://127.0.0.1:1/0")
    assert done.returncode == 1
    assert "the broker at redis://127.0.0.1:1/0 cannot be reached" in done.stderr


def test_a_local_installation_comes_up_answers_and_goes_down_without_a_trace(place):
    def local(*arguments):
        command = [sys.executable, "-m", "migrator.cli", "local", *arguments]
        return subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=120, check=True)

    local("up", "--detach")
    state = json.loads(local("status", "--json").stdout)
    pids = [state["pid"], *state["processes"].values()]
    assert state["running"]
    assert all(psutil.pid_exists(pid) for pid in pids)
    assert "export MIGRATOR_BROKER_URL='redis://127.0.0.1:" in local("env").stdout
    listed = subprocess.run(
        [sys.executable, "-m", "migrator.cli", "executions"], cwd=place, capture_output=True, text=True, check=True
    )
    assert "there are no executions yet" in listed.stdout
    children = psutil.Process(state["pid"]).children(recursive=True)
    local("down")
    wait_until(lambda: not any(child.is_running() and child.status() != "zombie" for child in children))
    assert json.loads(local("status", "--json").stdout) == {"running": False}


def test_the_demo_runs_to_its_summary(place):
    done = demo(place, "--tenants", "6")
    said, _ = done.communicate(timeout=120)
    assert done.returncode == 0, said
    assert "6 of 6 targets done, 126 migrations applied" in said
    assert "nothing to do: all 6 targets are current" in said
    assert "newcomer is ready after" in said
    assert leftovers(place) == []


def test_an_interrupted_demo_leaves_nothing_running(place):
    started = demo(place, "--tenants", "6", "--keep")
    wait_until(lambda: leftovers(place), "no service was started", 60)
    os.killpg(started.pid, signal.SIGINT)
    started.communicate(timeout=60)
    assert started.returncode == 130
    wait_until(lambda: not leftovers(place), lambda: f"still there: {leftovers(place)}")


def demo(place, *arguments):
    command = [sys.executable, "-m", "migrator.cli", "demo", *arguments]
    environment = {**os.environ, "TMPDIR": str(place), "COLUMNS": "200"}
    return subprocess.Popen(
        command,
        cwd=place,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def leftovers(place):
    """Processes that work below a directory, by command line or environment."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        if process.info["status"] != "zombie" and any(str(place) in word for word in process.info["cmdline"] or []):
            found.append(process.info["cmdline"])
    return [line for line in found if "demo" not in line]
