"""Workers that are stopped, as a deploy does it: what they have in hand is finished, or free for others at once."""

from __future__ import annotations

import signal

import pytest

import tasks
from tests.acceptance.fleet import FIRST
from tests.acceptance.nodes import wait_until

TARGETS = 240
PATIENCE, SOFT = 2, 10
"""Seconds: our own limit for a warm stop, and Celery's worker_soft_shutdown_timeout as config/celery.py has it."""
SLEEPING = """SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND wait_event = 'PgSleep' AND application_name LIKE 'migrator lane %'"""
SLOW_ONCE = "SELECT CASE WHEN NOT EXISTS (SELECT FROM public.is_quick) THEN pg_sleep(60) END;"

pytestmark = pytest.mark.usefixtures("beat")


@pytest.fixture
def celery_worker_count():
    return 2


@pytest.fixture
def worker_settings():
    """The lease is the default: whoever waited for one to run out would be seen to wait."""
    return {"MIGRATOR_LANES": "2"}


def request(**more):
    return tasks.migration_requested.delay(request_id="r", scope="tenant", requested_by="a test", canary=0, **more)


def done(fleet, sent):
    return row.done if (row := fleet.execution(sent.id)) else 0


def stop(container, how, seconds):
    """Ask a worker to stop, and wait until it has."""
    container.process.send_signal(how)
    container.process.wait(seconds)


def longest_pause(fleet, sent):
    """Seconds between two targets that were finished one after the other, at the most."""
    query = f"""SELECT max(pause) FROM (
        SELECT extract(epoch FROM finished_at - lag(finished_at) OVER (ORDER BY finished_at)) AS pause
        FROM migrator.outcome WHERE execution_id = '{sent.id}') AS pauses"""
    return float(fleet.rows("control", query)[0][0])


def test_a_rolling_restart_of_two_workers_in_the_middle_of_a_rollout_loses_nothing_and_no_time(
    fleet, celery_worker_cluster
):
    fleet.write("V1__account.sql", FIRST + "SELECT pg_sleep(0.3);")
    fleet.register(tenants=TARGETS)
    sent = request()
    for worker, reached in zip(celery_worker_cluster, (20, 80), strict=True):
        wait_until(lambda reached=reached: done(fleet, sent) >= reached, "the rollout stands still", 60)
        stop(worker.container, signal.SIGTERM, 30)
        assert done(fleet, sent) < TARGETS
        worker.container.restart()
    report = sent.get(timeout=90)
    assert (report["done"], report["failed"]) == (TARGETS, 0)
    outcomes = fleet.outcomes(sent.id).values()
    assert {(tuple(each.losses), each.tries) for each in outcomes} == {((), 0)}
    assert fleet.execution(sent.id).drives == 0
    assert longest_pause(fleet, sent) < 10
    histories = {tuple(fleet.history(fleet.home(n), f"tenant_{n}")) for n in range(1, TARGETS + 1)}
    assert histories == {("V1__account.sql",)}


@pytest.fixture
def one_slow_target(fleet):
    fleet.rows("one", "CREATE TABLE public.is_quick (answer boolean)")
    fleet.write("V1__account.sql", FIRST + SLOW_ONCE)
    fleet.register(tenants=1, databases=("one",))


@pytest.mark.usefixtures("one_slow_target")
@pytest.mark.parametrize("worker_settings", [{"MIGRATOR_STOP_PATIENCE": str(PATIENCE)}])
@pytest.mark.parametrize(("how", "limit"), [(signal.SIGTERM, PATIENCE), (signal.SIGQUIT, SOFT)], ids=["warm", "soft"])
def test_a_statement_that_outlasts_the_limit_of_a_stop_is_ended_and_its_target_is_free_at_once(
    fleet, celery_worker_cluster, how, limit
):
    sent = request()
    wait_until(lambda: fleet.rows("one", SLEEPING))
    main = int(fleet.outcomes(sent.id)["tenant_1"].lease_holder.split(":")[1])
    [container] = [worker.container for worker in celery_worker_cluster if worker.container.pid == main]
    fleet.rows("one", "INSERT INTO public.is_quick VALUES (true)")
    stop(container, how, limit + 10)
    assert sent.get(timeout=10)["done"] == 1
    outcome = fleet.outcomes(sent.id)["tenant_1"]
    assert (outcome.losses, outcome.tries) == ([], 0)
    assert fleet.history("one", "tenant_1") == ["V1__account.sql"]
    assert fleet.rows("one", SLEEPING) == []


@pytest.mark.usefixtures("one_slow_target")
def test_a_target_that_is_nearly_done_is_finished_before_the_worker_stops(fleet, celery_worker_cluster):
    fleet.write("V1__account.sql", FIRST + f"SELECT pg_sleep({PATIENCE + 2});")
    sent = request()
    wait_until(lambda: fleet.rows("one", SLEEPING))
    main = int(fleet.outcomes(sent.id)["tenant_1"].lease_holder.split(":")[1])
    [container] = [worker.container for worker in celery_worker_cluster if worker.container.pid == main]
    stop(container, signal.SIGQUIT, SOFT + 10)
    assert sent.get(timeout=10)["done"] == 1
    outcome = fleet.outcomes(sent.id)["tenant_1"]
    assert (outcome.fence, outcome.losses) == (1, [])
