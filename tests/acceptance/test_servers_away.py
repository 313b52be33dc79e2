"""Servers that go away or refuse in the middle of a run: the work ends by itself, or after a retry with a reason."""

from __future__ import annotations

import os
import re
import subprocess
import time
from contextlib import closing

import psycopg2
import pytest

from migrator.fleet import registry
from migrator.local.account import hand_over
from tests.acceptance.fleet import FIRST, SECOND
from tests.acceptance.nodes import wait_until

BRIEF = {
    "MIGRATOR_LEASE": "3",
    "MIGRATOR_UPKEEP_EVERY": "0.5",
    "MIGRATOR_LANE_SLICE": "0.5",
    "MIGRATOR_LANES": "2",
    "MIGRATOR_BREAKER_OPEN_SECONDS": "0.5",
    "MIGRATOR_BREAKER_OPEN_LONGEST": "1",
}
AWAY_SECONDS = 20.0
"""Longer than leases, countdowns and connection time-outs."""


@pytest.fixture(autouse=True)
def keeps_commits(fleet):
    """The session's server is told not to lose commits when it is killed."""
    fleet.rows("control", "ALTER ROLE postgres SET synchronous_commit = on")


@pytest.fixture
def worker_settings():
    return BRIEF


def request(fleet):
    """Ask as an operator does, from a process of its own: a result that is waited for does not outlive its backend."""
    code, said = fleet.command_json("migrate", "--scope", "tenant", "--detach")
    assert code == 0, said
    return said["event"]


def begun(fleet, tenants=60):
    """A migration that has got somewhere."""
    fleet.write("V1__account.sql", FIRST + "SELECT pg_sleep(0.05);")
    fleet.write("V2__account_name.sql", SECOND)
    fleet.register(tenants=tenants)
    sent = request(fleet)
    wait_until(lambda: (row := fleet.execution(sent)) and row.done >= 5)
    return sent


def assert_each_migration_once(fleet, tenants=60):
    for number in range(1, tenants + 1):
        assert fleet.history(fleet.home(number), f"tenant_{number}") == ["V1__account.sql", "V2__account_name.sql"]


def ended(fleet, execution_id):
    return lambda: (row := fleet.execution(execution_id)) and row.finished_at and row


@pytest.mark.usefixtures("beat")
def test_work_goes_on_while_valkey_is_away_and_ends_when_it_is_back(fleet, services, celery_setup):
    sent = begun(fleet)
    services.valkey.kill()
    gone = time.monotonic()
    done = fleet.execution(sent).done
    wait_until(lambda: fleet.execution(sent).done > done, "the lanes in hand stopped")
    while time.monotonic() - gone < AWAY_SECONDS:
        time.sleep(0.2)
    services.valkey.start()
    assert wait_until(ended(fleet, sent), "the execution did not end", 90).state == "completed"
    assert celery_setup.worker.container.status == "running"
    assert_each_migration_once(fleet)


@pytest.mark.usefixtures("beat", "celery_setup")
def test_a_killed_server_with_control_and_target_databases_costs_nothing_but_time(fleet, services):
    sent = begun(fleet)
    services.postgres.kill()
    services.postgres.start()
    assert wait_until(ended(fleet, sent), "the execution did not end", 90).state == "completed"
    assert_each_migration_once(fleet)


LONG = BRIEF | {"MIGRATOR_LEASE": "45"}


@pytest.mark.parametrize("worker_settings", [LONG])
@pytest.mark.usefixtures("beat", "celery_setup")
def test_lanes_let_go_when_the_control_database_is_back_and_nobody_waits_for_their_leases(fleet, services):
    sent = begun(fleet)
    services.postgres.kill()
    services.postgres.start()
    wait_until(lambda: fleet.execution(sent).state == "completed", "leases were waited for", 40)


@pytest.mark.parametrize("worker_settings", [LONG])
@pytest.mark.usefixtures("beat")
def test_the_loss_of_children_is_told_once_the_control_database_is_back_and_nobody_waits_for_their_leases(
    fleet, services, celery_setup
):
    sent = begun(fleet)
    services.postgres.kill()
    for child in celery_setup.worker.container.children():
        child.kill()
    wait_until(lambda: re.search(r"migrator\.lose\[\S+\] retry", celery_setup.worker.logs()), "no loss was told")
    services.postgres.start()
    wait_until(lambda: fleet.execution(sent).state == "completed", "leases were waited for", 40)


@pytest.mark.parametrize("worker_settings", [LONG])
@pytest.mark.usefixtures("beat")
def test_the_loss_of_children_is_told_once_the_broker_is_back_and_nobody_waits_for_their_leases(
    fleet, services, celery_setup
):
    sent = begun(fleet)
    services.valkey.kill()
    for child in celery_setup.worker.container.children():
        child.kill()
    services.valkey.start()
    wait_until(lambda: fleet.execution(sent).state == "completed", "leases were waited for", 40)


@pytest.mark.usefixtures("beat", "celery_setup")
def test_a_killed_target_server_costs_nothing_but_time(fleet, second):
    second.create_database(fleet.names["two"])
    with closing(psycopg2.connect(second.url())) as connection, connection.cursor() as cursor:
        cursor.execute("ALTER ROLE postgres SET synchronous_commit = on")
        connection.commit()
    fleet.write("V1__account.sql", FIRST + "SELECT pg_sleep(0.05);")
    fleet.register(tenants=60)
    secret = fleet.place / "secret"
    secret.write_text(second.password)
    with fleet.store.begin() as connection:
        registry.change_database(connection, "two", {"port": second.port, "credential": f"file:{secret}"})
    sent = request(fleet)
    wait_until(lambda: (row := fleet.execution(sent)) and row.done >= 10)
    second.kill()
    second.start()
    row = wait_until(ended(fleet, sent), "the execution did not end", 90)
    assert (row.state, row.done, row.failed) == ("completed", 60, 0)


IMPATIENT = BRIEF | {"MIGRATOR_PREFLIGHT_EVERY": "0.5", "MIGRATOR_PREFLIGHT_PATIENCE": "2"}


@pytest.mark.parametrize("worker_settings", [IMPATIENT])
@pytest.mark.usefixtures("celery_setup")
def test_a_read_only_target_is_waited_for_named_left_clean_and_done_by_a_retry(fleet):
    fleet.write("V1__account.sql", FIRST)
    fleet.register(tenants=10, databases=("one",))
    fleet.rows("control", f"ALTER DATABASE {fleet.names['one']} SET default_transaction_read_only = on")
    sent = request(fleet)
    row = wait_until(ended(fleet, sent), "the execution did not end", 60)
    assert (row.state, row.done, row.failed) == ("halted", 0, 1)
    [message] = [outcome.error_message for outcome in fleet.outcomes(sent).values() if outcome.error_message]
    assert "read-only" in message
    assert fleet.schemas("one") == set()
    fleet.rows("control", f"ALTER DATABASE {fleet.names['one']} RESET default_transaction_read_only")
    assert fleet.command("retry", sent).returncode == 0
    wait_until(lambda: fleet.execution(sent).state == "completed", "the retry did not end", 60)


@pytest.fixture
def small_disk(services, fleet):
    """A directory with room for four megabytes, and how to give it more."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    place = services.postgres.home.directory / "disk"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m,mode=0777", "tmpfs", place], check=False).returncode:
        pytest.skip("no disk can be mounted here")
    hand_over(place)
    try:
        yield place
    finally:
        fleet.rows("control", f"DROP DATABASE {fleet.names['one']} WITH (FORCE)")  # or the server misses its files
        fleet.rows("control", "DROP TABLESPACE small")
        subprocess.run(["umount", place], check=True)


@pytest.mark.usefixtures("celery_setup")
def test_a_full_disk_is_named_leaves_the_schema_clean_and_is_done_by_a_retry(fleet, small_disk):
    fleet.rows("control", f"CREATE TABLESPACE small LOCATION '{small_disk}'")
    fleet.rows("control", f"ALTER DATABASE {fleet.names['one']} SET default_tablespace = small")
    fill = "INSERT INTO account SELECT n, repeat(md5(n::text), 30) FROM generate_series(1, 8000) AS n;"
    fleet.write("V1__account.sql", FIRST + fill)
    fleet.register(tenants=2, databases=("one",))
    sent = request(fleet)
    row = wait_until(ended(fleet, sent), "the execution did not end", 60)
    assert (row.state, row.done, row.failed) == ("halted", 0, 1)
    [outcome] = [outcome for outcome in fleet.outcomes(sent).values() if outcome.state == "failed"]
    assert (outcome.sqlstate, outcome.script) == ("53100", "V1__account.sql")
    assert "No space left on device" in outcome.error_message
    assert fleet.schemas("one") == set()
    subprocess.run(["mount", "-o", "remount,size=64m", small_disk], check=True)
    assert fleet.command("retry", sent).returncode == 0
    wait_until(lambda: fleet.execution(sent).state == "completed", "the retry did not end", 60)
    assert fleet.history("one", "tenant_1") == ["V1__account.sql"]
