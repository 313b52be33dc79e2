"""A stranger's first hour: first files, what doctor says, why a tenant is where it is, and Ctrl-C."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys

import pytest

from tests.acceptance.fleet import FIRST, SECOND
from tests.acceptance.nodes import wait_until

NO_BROKER = {"MIGRATOR_BROKER_URL": "redis://127.0.0.1:1/0"}


def started(fleet, *words, **more):
    command = [sys.executable, "-m", "migrator.cli", *words]
    environment = {**os.environ, **fleet.environment, **more}
    return subprocess.Popen(
        command,
        env=environment,
        cwd=fleet.place,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_at_a_terminal,  # noqa: PLW1509 - a system call only, no locks
    )


def _at_a_terminal():
    """A shell without job control has what it starts with ``&`` ignore Ctrl-C, these tests and all that they start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.usefixtures("celery_setup")
def test_ctrl_c_ends_the_watching_says_how_things_are_and_the_execution_goes_on(fleet):
    fleet.register(tenants=6)
    fleet.write("V1__account.sql", FIRST + "SELECT pg_sleep(1);")
    watching = started(fleet, "migrate", "--canary", "1")
    ids = "SELECT id FROM migrator.execution WHERE done > 0"
    wait_until(lambda: fleet.rows("control", ids), "nothing was migrated", 60)
    ((id_,),) = fleet.rows("control", ids)
    watching.send_signal(signal.SIGINT)
    out, said = watching.communicate(timeout=30)
    assert (watching.returncode, out) == (130, "")
    assert f"execution {id_} goes on without you, now at" in said
    assert re.search(r"[1-6]/6 schemas", said)
    for word in ("watch", "pause", "cancel"):
        assert f"migrator {word} {id_}" in said
    wait_until(lambda: fleet.execution(id_).state == "completed", "did not go on", 60)
    assert len(fleet.schemas("one") | fleet.schemas("two")) == 6


def test_ctrl_c_while_no_worker_is_there_says_that_it_waits(fleet):
    waiting = started(fleet, "migrate")
    hint = waiting.stderr.readline()
    assert "no worker has taken it up yet" in hint
    waiting.send_signal(signal.SIGINT)
    _, said = waiting.communicate(timeout=30)
    assert waiting.returncode == 130
    assert "is taken up as soon as a worker is free" in said


def test_ctrl_c_in_the_middle_of_a_command_of_its_own_leaves_every_schema_whole(fleet):
    fleet.write("V1__slow.sql", "CREATE TABLE slow (id int); SELECT pg_sleep(60);")
    url = fleet.services.postgres.url(fleet.names["one"])
    where = ["--url", url, "--schema", "tenant_1", "--folder", str(fleet.migrations / "tenant")]
    running = started(fleet, "schema", "up", *where)
    busy = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
    wait_until(lambda: fleet.rows("one", busy), "did not begin", 60)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=30)
    assert running.returncode == 130
    assert "one in hand is as it was before or as it was to be" in said
    wait_until(lambda: not fleet.rows("one", busy), "its statement goes on", 30)
    assert fleet.rows("one", "SELECT to_regclass('tenant_1.slow')") == [(None,)]


def explained(fleet, tenant):
    done = fleet.command("explain", tenant, "--json", **NO_BROKER)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def up(fleet, schema="tenant_2", database="one"):
    where = ["--url", fleet.services.postgres.url(fleet.names[database]), "--schema", schema]
    assert fleet.command("schema", "up", *where, "--folder", str(fleet.migrations / "tenant")).returncode == 0


def test_a_tenant_is_explained_from_its_own_history_without_worker_and_broker(fleet):
    fleet.register(tenants=2)
    fleet.write("V1__account.sql", FIRST)
    assert [cause["kind"] for cause in explained(fleet, "2")["causes"]] == ["not_there"]
    up(fleet)
    current = explained(fleet, "2")
    assert current["is_current"]
    assert [row["script"] for row in current["facts"]["history"]] == ["V1__account.sql"]
    fleet.write("V2__account_name.sql", SECOND)
    behind = explained(fleet, "2")
    assert [cause["kind"] for cause in behind["causes"]] == ["not_asked_for"]
    assert behind["facts"]["pending"] == ["V2__account_name.sql"]
    fleet.write("V1__account.sql", FIRST + " -- edited")
    assert explained(fleet, "2")["causes"][0]["kind"] == "disagrees"
    fleet.rows("control", "UPDATE migrator.tenant SET state = 'retired' WHERE id = '2'")
    assert explained(fleet, "2")["causes"][0]["kind"] == "retired"
    assert "Did you mean 1?" in fleet.command("explain", "11", **NO_BROKER).stderr


def test_a_tenant_whose_database_is_away_is_explained_all_the_same(fleet):
    fleet.register(tenants=2)
    fleet.write("V1__account.sql", FIRST)
    fleet.rows("control", "UPDATE migrator.database SET port = 1")
    said = explained(fleet, "2")
    assert [cause["kind"] for cause in said["causes"]] == ["unreachable"]


def test_doctor_says_what_is_missing_and_what_to_do(fleet, tmp_path):
    fleet.register(tenants=2, databases=["one"])
    fleet.write("V1__account.sql", FIRST)
    loose = tmp_path / "pass"
    loose.write_text("x:*:*:*:secret\n")
    loose.chmod(0o644)
    fleet.rows("control", "UPDATE migrator.database SET credential = 'env:NO_SUCH_VARIABLE'")
    done = fleet.command("doctor", "--json", **NO_BROKER, MIGRATOR_PASSFILE=str(loose))
    found = json.loads(done.stdout)
    stops = {(each["area"], each["name"]): each for each in found["checks"] if each["verdict"] == "stop"}
    assert (done.returncode, found["ok"]) == (2, False)
    assert set(stops) == {("secrets", "passfile"), ("broker", "broker"), ("databases", "one")}
    assert "the environment variable NO_SUCH_VARIABLE is not set" in stops["databases", "one"]["sentence"]
    assert all(each["advice"] for each in stops.values())


def test_doctor_tells_every_mistake_of_the_settings_and_stops_there(fleet):
    done = fleet.command("doctor", MIGRATOR_LANES="none", MIGRATOR_LEESE="3")
    assert done.returncode == 2
    assert "did you mean lease?" in done.stdout + done.stderr


def test_doctor_wants_the_control_schema_of_this_release(fleet):
    fleet.rows("control", "DROP SCHEMA migrator CASCADE")
    done = fleet.command("doctor", **NO_BROKER)
    assert done.returncode == 2
    assert "migrator init" in done.stdout


def on_a_terminal(fleet, *words, answers=(), **more):
    """Runs a command as a person at an 80-column terminal; exit code and all that was shown."""
    command = [sys.executable, "-m", "migrator.cli", *words]
    environment = {**os.environ, **fleet.environment, "COLUMNS": "80", "TERM": "xterm-256color", **more}
    environment = {name: value for name, value in environment.items() if value is not None}
    parent, child = pty.openpty()
    running = subprocess.Popen(
        command, env=environment, cwd=fleet.place, stdin=child, stdout=child, stderr=child, start_new_session=True
    )
    os.close(child)
    os.write(parent, "".join(f"{answer}\n" for answer in answers).encode())
    shown = b""
    while True:
        try:
            part = os.read(parent, 65536)
        except OSError:  # what Linux says when the other side is closed
            break
        if not part:
            break
        shown += part
    os.close(parent)
    return running.wait(60), shown.decode(errors="replace")


def test_init_asks_in_an_empty_project_and_writes_what_was_answered(fleet, tmp_path):
    (fleet.migrations / "tenant").rmdir()
    fleet.migrations.rmdir()
    url = fleet.environment["MIGRATOR_CONTROL_URL"]
    without = {"MIGRATOR_CONTROL_URL": None, "MIGRATOR_MIGRATIONS": None}
    code, shown = on_a_terminal(fleet, "init", answers=(url, "db", "pairs"), **without)
    assert code == 0, shown
    assert "the control schema is at version" in shown
    assert {path.name for path in (fleet.place / "db" / "tenant").iterdir()} == {
        "0001_first.up.sql",
        "0001_first.down.sql",
    }
    settings = (fleet.place / "migrator.toml").read_text()
    code, again = on_a_terminal(fleet, "init", **without)
    assert code == 0
    assert "control database" not in again  # nothing is asked any more
    assert (fleet.place / "migrator.toml").read_text() == settings
    assert json.loads(fleet.command("lint", "--no-squawk", "--json", MIGRATOR_MIGRATIONS="db").stdout)["findings"] == []


def test_init_without_a_terminal_asks_nothing_and_makes_no_files_unless_it_is_told_to(fleet):
    assert fleet.command("init").returncode == 0
    assert not (fleet.place / "migrator.toml").exists()
    elsewhere = {"MIGRATOR_MIGRATIONS": "db"}
    done = fleet.command("init", "--yes", "--migrations", "db", "--json", **elsewhere)
    assert (done.returncode, json.loads(done.stdout)["files"]) == (0, ["migrator.toml", "db/tenant/V1__first.sql"])


def test_a_table_on_a_terminal_of_80_columns_fits_and_has_no_colour_where_none_is_wanted(fleet):
    fleet.register(tenants=2)
    code, shown = on_a_terminal(fleet, "tenant", "list", NO_COLOR="1")
    assert code == 0
    assert "tenant_2" in shown
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert max(map(len, plain.splitlines())) <= 80
    assert re.findall(r"\x1b\[(?:\d+;)*(?:3|4)[0-7]", shown) == []
