"""The breakers in Valkey: the script does what the function does, for all workers at once."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from migrator.model import breaker as model
from migrator.model.breaker import Breaker, BreakerState, Permit, Thresholds
from tasks.breaker_store import BreakerStore, redis_url

MOST = Thresholds(failures=3, window=20, open_seconds=0.7, longest=9, probe_seconds=4, probe_pause=0.3)


@pytest.fixture
def store(valkey, request):
    made = BreakerStore(valkey.url(), MOST)
    made._client.flushall()
    return made


def decided(script, breaker, permit, now, reason):
    """What the function says to the same question."""
    if script == "allow":
        return model.allow(breaker, now, MOST)
    wait = model.waiting(breaker, now, MOST)
    after = {
        "look": lambda: breaker,
        "succeeded": lambda: model.succeeded(breaker, permit),
        "failed": lambda: model.failed(breaker, permit, now, reason, MOST),
        "give_back": lambda: model.given_back(breaker, permit),
        "hold": lambda: model.held(breaker, now, reason),
        "reset": lambda: model.reset(breaker),
    }[script]()
    return after, Permit(granted=wait == 0, wait=wait) if script == "look" else Permit()


@pytest.mark.parametrize("seed", range(8))
def test_the_script_decides_as_the_function_does_at_every_step(store, seed):
    chance = random.Random(seed)
    scripts = ["look", "allow", "allow", "failed", "failed", "failed", "succeeded", "give_back", "hold", "reset"]
    weights = [4, 8, 8, 8, 8, 8, 4, 2, 0.3, 0.6]
    breaker, now, states = Breaker(), 1_700_000_000.0, set()
    for number in range(400):
        now += chance.choice([0, 0.1, 0.5, 2.3, 7, 25]) * chance.random()
        script = chance.choices(scripts, weights)[0]
        permit = Permit(probe=chance.choice([0, breaker.probe, breaker.probe, max(0, breaker.probe - 1)]))
        reason = f"reason {number}"
        answer = store.run(script, "eu-1", probe=permit.probe, reason=reason, now=now)
        expected, expected_permit = decided(script, breaker, permit, now, reason)
        assert (answer.before, answer.after, answer.permit, answer.now) == (breaker, expected, expected_permit, now)
        breaker = expected
        states.add(breaker.state)
    assert states == set(BreakerState)


def test_of_many_workers_that_ask_a_breaker_whose_time_is_over_one_is_the_probe(store):
    for moment in range(3):
        store.run("failed", "eu-1", reason="refused", now=float(moment + 1))
    with ThreadPoolExecutor(20) as pool:
        permits = list(pool.map(lambda _: store.run("allow", "eu-1", now=100.0).permit, range(200)))
    assert [permit.probe for permit in permits if permit.granted] == [1]


def test_each_database_has_a_breaker_of_its_own(store):
    for _ in range(3):
        store.run("failed", "eu-1", reason="refused")
    assert store.run("look", "eu-1").after.state is BreakerState.OPEN
    assert store.run("look", "eu-2").after == Breaker()


def test_the_clock_is_the_servers(store):
    seconds, micros = store._client.time()
    assert store.run("look", "eu-1").now == pytest.approx(seconds + micros / 1e6, abs=5)


def test_a_database_that_never_failed_leaves_nothing_in_the_store_and_a_failure_is_forgotten_in_the_end(store):
    store.run("allow", "eu-1")
    store.run("succeeded", "eu-1")
    assert store._client.keys("*") == []
    store.run("failed", "eu-1", reason="refused")
    [key] = store._client.keys("*")
    assert store._client.ttl(key) > 3600
    store.run("hold", "eu-1", reason="opened by ann")
    assert store._client.ttl(key) == -1


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://h:1/2", "redis://h:1/2"),
        ("valkey://u:p%40ss@h:1/2", "redis://u:p%40ss@h:1/2"),
        ("valkeys://h/0?ssl_cert_reqs=CERT_REQUIRED", "rediss://h/0?ssl_cert_reqs=required"),
        (
            "rediss://h/0?ssl_cert_reqs=none&ssl_ca_certs=/x.pem",
            "rediss://h/0?ssl_cert_reqs=none&ssl_ca_certs=%2Fx.pem",
        ),
    ],
)
def test_a_url_is_read_as_celery_reads_it(url, expected):
    assert redis_url(url) == expected
