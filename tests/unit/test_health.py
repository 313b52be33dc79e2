"""Health checks: what is judged how, and that nobody waits for what hangs."""

from __future__ import annotations

import threading
import time

import pytest

from migrator.errors import UnknownDatabase
from migrator.model.health import Health, HealthCheck, worst_of
from migrator.watch.alerts.facts import ShortPool
from migrator.watch.health import broker, clocks, disk, pools, workers
from migrator.watch.health.checkup import Checkup
from migrator.watch.health.databases import summed_up

FINE = HealthCheck("a", Health.OK, "1")


def test_the_worst_check_is_the_health_of_the_whole():
    assert worst_of([]) is Health.OK
    assert worst_of([FINE, HealthCheck("b", Health.WARN, "2")]) is Health.WARN
    assert worst_of([HealthCheck("b", Health.FAIL, "2"), FINE]) is Health.FAIL


@pytest.fixture
def gate():
    opened = threading.Event()
    yield opened
    opened.set()


def test_a_look_that_hangs_is_a_failure_and_the_others_are_told_all_the_same(gate):
    started = time.monotonic()
    found = Checkup(0.2).run({"stuck": lambda: [gate.wait() and FINE], "quick": lambda: [FINE]})
    assert [(check.name, check.health) for check in found] == [("stuck", Health.FAIL), ("a", Health.OK)]
    assert time.monotonic() - started < 5


def test_a_look_that_still_hangs_is_not_started_again(gate):
    calls = []
    checkup = Checkup(0.05)
    for _ in range(3):
        checkup.run({"stuck": lambda: calls.append(1) or [gate.wait() and FINE]})
    assert calls == [1]


def test_a_look_that_hung_and_came_back_is_taken_again(gate):
    checkup = Checkup(0.05)
    checkup.run({"slow": lambda: [gate.wait() and FINE]})
    gate.set()
    deadline = time.monotonic() + 10
    while checkup.run({"slow": lambda: [FINE]}) != [FINE]:
        assert time.monotonic() < deadline


def test_many_looks_are_taken_at_the_same_time():
    together = threading.Barrier(20)
    found = Checkup(10).run({str(n): lambda: [FINE][: together.wait(10) + 20] for n in range(20)})
    assert {check.health for check in found} == {Health.OK}


def test_an_error_of_ours_is_the_sentence_of_a_failure():
    def look():
        raise UnknownDatabase(database="eu-1")

    [found] = Checkup().run({"x": look})
    assert (found.health, found.name) == (Health.FAIL, "x")
    assert "eu-1" in found.sentence


@pytest.mark.parametrize(
    ("moment", "ahead"),
    [(10.5, 0.0), (11.0, 0.0), (14.0, 3.0), (8.0, -2.0)],
    ids=["between", "just", "ahead", "behind"],
)
def test_what_the_journey_explains_is_no_skew(moment, ahead):
    assert clocks.skew(moment, 10.0, 11.0) == ahead


def test_a_clock_that_goes_wrong_is_a_warning_and_one_that_is_a_minute_off_a_failure():
    assert [clocks.clock("x", 100 + off, 100, 100).health for off in (0, 3, -3, 61)] == [
        Health.OK,
        Health.WARN,
        Health.WARN,
        Health.FAIL,
    ]


@pytest.mark.parametrize(
    ("facts", "health"),
    [
        ({"used_memory": 5, "maxmemory": 0, "maxmemory_policy": "allkeys-lru"}, Health.OK),
        ({"used_memory": 5, "maxmemory": 100, "maxmemory_policy": "noeviction"}, Health.OK),
        ({"used_memory": 5, "maxmemory": 100, "maxmemory_policy": "allkeys-lru"}, Health.WARN),
        ({"used_memory": 95, "maxmemory": 100, "maxmemory_policy": "noeviction"}, Health.WARN),
    ],
)
def test_a_broker_that_throws_messages_away_or_is_full_is_a_warning(facts, health):
    assert broker.memory("broker", facts).health is health


@pytest.mark.parametrize(
    ("facts", "saves", "health"),
    [
        ({"aof_enabled": 1, "aof_last_write_status": "ok"}, "", Health.OK),
        ({"aof_enabled": 1, "aof_last_write_status": "err"}, "", Health.FAIL),
        ({"aof_enabled": 0, "rdb_last_bgsave_status": "err"}, "60 1", Health.WARN),
        ({"aof_enabled": 0, "rdb_last_bgsave_status": "ok"}, "60 1", Health.OK),
        ({"aof_enabled": 0, "rdb_last_bgsave_status": "ok"}, None, Health.OK),
        ({"aof_enabled": 0, "rdb_last_bgsave_status": "ok"}, "", Health.WARN),
    ],
)
def test_what_a_restart_of_the_broker_would_lose_is_said(facts, saves, health):
    assert broker.persistence("broker", facts, saves).health is health


QUEUES = ("critical", "high", "normal", "low")


def reply(*names):
    return [{"name": name} for name in names]


@pytest.mark.parametrize(
    ("replies", "health", "said"),
    [
        (None, Health.FAIL, "no worker answers"),
        ({"a": reply("critical", "high")}, Health.FAIL, "nobody takes from normal, low"),
        ({"a": reply("critical", "high"), "b": reply("normal", "low")}, Health.WARN, "nobody takes from celery"),
        ({"a": reply(*QUEUES, "celery"), "b": reply("low")}, Health.OK, "low 2"),
    ],
)
def test_every_queue_needs_a_worker_that_takes_from_it(replies, health, said):
    [found] = workers.workers(replies, QUEUES, "celery")
    assert found.health is health
    assert said in found.sentence


def test_each_machine_of_workers_is_judged_once_by_clock_room_and_release():
    said = {"host": "m1", "time": 100.0, "release": "0.9", "free": 1, "size": 100}
    found = workers.hosts({"a@m1": said, "b@m1": said}, 99.0, 101.0, "1.0")
    assert [(check.name, check.health) for check in found] == [
        ("clock of m1", Health.OK),
        ("snapshot room on m1", Health.FAIL),
        ("release", Health.WARN),
    ]


def test_room_is_looked_for_where_the_directory_of_snapshots_will_be_made(tmp_path):
    assert disk.free_room(str(tmp_path / "not" / "yet")) == pytest.approx(disk.free_room(str(tmp_path)), rel=0.1)


def test_of_a_store_elsewhere_no_room_is_measured():
    [found] = disk.snapshot_room("memory://snapshots")
    assert (found.health, found.figure) == (Health.OK, "elsewhere")


@pytest.mark.parametrize(("free", "health"), [(50, Health.OK), (9, Health.WARN), (1, Health.FAIL)])
def test_a_disk_that_fills_up_is_a_warning_and_then_a_failure(free, health):
    assert disk.room("x", free, 100).health is health


def test_a_database_is_summed_up_by_its_worst_check():
    checks = [
        HealthCheck("reachable", Health.OK, "3 ms"),
        HealthCheck("version", Health.OK, "18.3"),
        HealthCheck("connections", Health.WARN, "2 of 100 free", "few are free", "close some"),
        HealthCheck("writable", Health.OK, "yes"),
    ]
    found = summed_up("eu-1", checks)
    assert (found.name, found.health, found.figure) == ("database eu-1", Health.WARN, "3 ms, 18.3, 2 of 100 free")
    assert (found.sentence, found.advice) == ("connections: few are free", "close some")


def test_pools_of_spares_that_stay_short_are_told_with_what_to_do():
    filling, stuck = ShortPool("eu-1", 3, 2, 5.0), ShortPool("us-1", 3, 1, 900.0, "it says its own name")
    [well] = pools.spares([filling], 600.0)
    [bad] = pools.spares([filling, stuck], 600.0)
    assert (well.health, bad.health) == (Health.OK, Health.WARN)
    assert bad.sentence == "database us-1 has 1 of 3: it says its own name"
    assert "migrator spare fill" in bad.advice
