"""Health, metrics and costs of a real installation: workers, broker, databases, and what happens when they are away."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest
from prometheus_client.parser import text_string_to_metric_families

from migrator.fleet import registry
from migrator.model.event import EventType
from migrator.watch.health.checkup import PATIENCE_SECONDS
from migrator.watch.metrics.catalogue import BY_NAME
from tests.acceptance.fleet import FIRST, SECOND
from tests.acceptance.nodes import wait_until

LONG = 3 * PATIENCE_SECONDS
"""The looks have a third of it; the rest is for a machine that does something else too."""
with_worker = pytest.mark.usefixtures("celery_setup")


@pytest.fixture
def live_folder(tmp_path):
    return tmp_path / "live"


@pytest.fixture
def worker_settings(live_folder, tmp_path):
    return {"MIGRATOR_LIVE_FOLDER": str(live_folder), "MIGRATOR_SNAPSHOTS": str(tmp_path / "snapshots")}


@pytest.fixture
def command(fleet, worker_settings):
    return lambda *words: fleet.command(*words, **worker_settings)


@pytest.fixture
def health(command):
    """Exit code, and the checks by name."""

    def look(*words):
        done = command("health", *words, "--json")
        return done.returncode, {check["name"]: check for check in json.loads(done.stdout)["checks"]}

    return look


_ASKED = """
import json, time
from tasks import health
started = time.monotonic()
status, document = {question}
print(json.dumps([status, document, time.monotonic() - started]))
"""


@pytest.fixture
def answer(fleet):
    """What a process of its own says, and in how many seconds: status, document, seconds."""

    def ask(question, **more):
        environment = {**os.environ, **fleet.environment, **more}
        done = subprocess.run(
            [sys.executable, "-c", _ASKED.format(question=question)],
            env=environment,
            cwd=fleet.place,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return ask


@with_worker
def test_an_installation_that_is_well_says_so_check_by_check(fleet, health, answer):
    fleet.register(2)
    code, checks = health()
    failed = {name: check for name, check in checks.items() if check["health"] == "fail"}
    assert (code, failed) == (0, {})
    host = socket.gethostname()
    assert set(checks) >= {
        "control database",
        "clock of control database",
        "events",
        "leases",
        "beat",
        "relay",
        "broker",
        "memory of broker",
        "persistence of broker",
        "clock of broker",
        "result backend",
        "workers",
        f"clock of {host}",
        f"snapshot room on {host}",
        "snapshot room here",
        "database one",
        "database two",
    }
    assert checks["workers"]["figure"] == "1 workers"
    assert checks["broker"]["figure"].startswith("Valkey ")
    assert [answer(f"health.{probe}()")[0] for probe in ("healthz", "readyz")] == [200, 200]


@with_worker
def test_one_database_is_looked_at_closely(fleet, health):
    fleet.register()
    code, checks = health("--database", "one")
    assert code == 0
    assert {f"one {part}" for part in ("breaker", "reachable", "version", "writable", "connections")} <= set(checks)
    assert "database two" not in checks


def test_a_database_that_is_not_registered_is_bad_usage(command):
    done = command("health", "--database", "none")
    assert (done.returncode, "none" in done.stderr) == (2, True)


@pytest.fixture
def black_hole():
    """An address that takes connections and never says a word."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(16)
        yield listening.getsockname()[1]


@pytest.fixture
def nobody():
    """A port of loopback where nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def test_what_is_dead_is_named_and_nobody_waits_for_it_long(fleet, black_hole, nobody, health, answer):
    fleet.register()
    with fleet.store.begin() as connection:
        registry.change_database(connection, "one", {"port": black_hole})
        registry.change_database(connection, "two", {"port": nobody})
    code, checks = health()
    assert code == 1
    for name in ("database one", "database two", "workers"):
        assert checks[name]["health"] == "fail"
        assert checks[name]["advice"]
    assert checks["control database"]["health"] == "ok"
    _, _, seconds = answer("None, health.as_document(health.checkup())")
    assert seconds < LONG


def test_a_broker_that_is_silent_makes_the_installation_not_ready_while_its_process_is_well(fleet, answer, black_hole):
    silent = {"MIGRATOR_BROKER_URL": f"redis://127.0.0.1:{black_hole}/0"}
    status, document, seconds = answer("health.readyz()", **silent)
    assert status == 503
    assert {c["name"]: c["health"] for c in document["checks"]} | {"broker": "fail", "workers": "fail"} == {
        c["name"]: c["health"] for c in document["checks"]
    }
    assert seconds < LONG
    assert answer("health.healthz()", **silent)[0] == 200


def test_a_control_database_that_is_away_is_503_for_both_probes(fleet, answer, nobody):
    away = {"MIGRATOR_CONTROL_URL": f"postgresql://postgres@127.0.0.1:{nobody}/none"}
    assert [answer(f"health.{probe}()", **away)[0] for probe in ("healthz", "readyz")] == [503, 503]


@with_worker
def test_a_worker_gives_signs_of_life_until_it_ends_or_is_killed(celery_worker_cluster, command, live_folder):
    node = celery_worker_cluster[0].container
    [sign] = wait_until(lambda: list(live_folder.glob("*.live")), "the worker gave no sign")
    assert command("health", "--live").returncode == 0
    silent = time.time() - 60
    node.process.send_signal(signal.SIGSTOP)
    try:
        os.utime(sign, (silent, silent))
        done = command("health", "--live")
        assert (done.returncode, "start it again" in done.stdout) == (1, True)
    finally:
        node.process.send_signal(signal.SIGCONT)
    wait_until(lambda: command("health", "--live").returncode == 0, "it gives no sign any more")
    node.process.terminate()
    node.process.wait(30)
    assert list(live_folder.glob("*.live")) == []
    assert command("health", "--live").returncode == 1


@with_worker
def test_the_page_of_metrics_tells_of_the_whole_installation_and_names_no_tenant(fleet, command):
    fleet.write("V1__account.sql", FIRST)
    fleet.register(6)
    assert command("migrate", "--database", "one").returncode == 0
    page = command("metrics").stdout
    families = {family.name: family for family in text_string_to_metric_families(page)}
    values = {
        (s.name, *(value for _, value in sorted(s.labels.items()))): s.value
        for f in families.values()
        for s in f.samples
    }
    assert values["migrator_control_database_up",] == 1
    assert values["migrator_targets", "one", "done", "tenant"] == 3
    assert values["migrator_target_duration_seconds_count", "one", "tenant"] == 3
    assert values["migrator_executions", "migrate", "completed"] == 1
    assert values["migrator_event_latency_seconds_count", EventType.MIGRATION_REQUESTED] == 1
    assert (values["migrator_workers", "critical"], values["migrator_workers", "low"]) == (1, 1)
    assert values["migrator_queue_messages", "normal"] == 0
    assert (values["migrator_tenants_behind", "one"], values["migrator_tenants_behind", "two"]) == (0, 3)
    assert values["migrator_tenant_version_lag",] == 1
    assert values["migrator_breaker_state", "one", "closed"] == 1
    said = {value for f in families.values() for s in f.samples for value in s.labels.values()}
    assert not [value for value in said if "tenant_" in value or value in {str(n) for n in range(7)} - {"0", "1", "5"}]


def test_messages_that_wait_are_counted_with_the_age_of_the_next_one(fleet, command, celery_setup_app):
    from tasks import tenant_created  # the application that the fixture has configured

    for number in range(3):
        tenant_created.apply_async(kwargs=fleet.tenant_payload(str(number)))
    page = command("metrics").stdout
    samples = {
        (s.name, s.labels.get("queue")): s.value for f in text_string_to_metric_families(page) for s in f.samples
    }
    assert samples["migrator_queue_messages", "high"] == 3
    assert 0 <= samples["migrator_queue_oldest_message_age_seconds", "high"] < 60
    assert samples["migrator_workers", "high"] == 0


def test_a_page_without_a_control_database_is_still_a_page(fleet, nobody):
    done = fleet.command("metrics", MIGRATOR_CONTROL_URL=f"postgresql://postgres@127.0.0.1:{nobody}/none")
    families = {family.name: family for family in text_string_to_metric_families(done.stdout)}
    assert done.returncode == 0
    assert families["migrator_control_database_up"].samples[0].value == 0
    assert set(families) <= {name.removesuffix("_total") for name in BY_NAME}


@with_worker
def test_what_a_rollout_cost_is_in_its_report_on_the_command_line_and_compared_with_the_last_one(fleet, command):
    fleet.write("V1__account.sql", FIRST)
    fleet.register(6)
    assert command("migrate", "--database", "one").returncode == 0
    assert command("migrate", "--database", "two").returncode == 0
    fleet.write("V2__account_name.sql", SECOND)
    assert command("migrate").returncode == 0
    [latest, second, first] = json.loads(command("executions", "--json").stdout)
    report = json.loads(command("show", second["id"], "--json").stdout)
    [cost] = report["performance"]["migrations"]
    assert (cost["script"], cost["database"], cost["count"]) == ("V1__account.sql", "two", 3)
    assert cost["ratio"] > 0
    assert cost["wal"] > 0
    assert json.loads(command("performance", first["id"], "--json").stdout)["migrations"][0]["ratio"] is None
    assert "performance:\n  " in command("show", latest["id"]).stdout
    runs = json.loads(command("performance", "--migration", "1", "--json").stdout)["runs"]
    assert [run["execution"] for run in runs] == [second["id"], first["id"]]
    assert command("performance").stdout.startswith(latest["id"])
