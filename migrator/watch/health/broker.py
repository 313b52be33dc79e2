"""Valkey, Redis or RabbitMQ, as broker or as result backend."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from kombu import Connection
from kombu.exceptions import KombuError
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError
from redis.retry import Retry

from migrator.model.health import Health, HealthCheck
from migrator.watch.health.clocks import clock

REACH_SECONDS = 2.0
OLDEST = (6, 2)
NEARLY_FULL = 0.9
UNREACHABLE = "see whether it runs, and whether its URL in the settings is right"


def look_at_redis(name: str, url: str) -> list[HealthCheck]:
    """Ping, version, memory and persistence; and the server's clock. The URL is as the redis client takes it."""
    client: Any = Redis.from_url(
        url,
        socket_connect_timeout=REACH_SECONDS,
        socket_timeout=REACH_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    try:
        started = time.monotonic()
        client.ping()
        latency = time.monotonic() - started
        facts = client.info("everything")
        before = time.time()
        seconds, micros = client.time()
        checks = [_server(name, facts, latency), memory(name, facts), persistence(name, facts, _saves(client))]
        return [*checks, clock(name, seconds + micros / 1e6, before, time.time())]
    except (RedisError, OSError) as error:
        return [HealthCheck(name, Health.FAIL, "no answer", str(error), UNREACHABLE)]
    finally:
        client.close()


def look_at_amqp(name: str, url: str) -> list[HealthCheck]:
    """Whether RabbitMQ lets us in, and its version."""
    started = time.monotonic()
    connection = Connection(url, connect_timeout=REACH_SECONDS)
    try:
        connection.connect()
        properties = getattr(connection.connection, "server_properties", None) or {}
        version = properties.get("version", "unknown")
    except (KombuError, OSError, *connection.connection_errors) as error:
        return [HealthCheck(name, Health.FAIL, "no answer", str(error), UNREACHABLE)]
    finally:
        connection.release()
    return [HealthCheck(name, Health.OK, f"{version}, {(time.monotonic() - started) * 1000:.0f} ms", "it answers")]


def _server(name: str, facts: Mapping[str, Any], latency: float) -> HealthCheck:
    version = str(facts.get("redis_version", "unknown"))
    product = f"Valkey {facts['valkey_version']}" if "valkey_version" in facts else f"Redis {version}"
    figure = f"{product}, {latency * 1000:.0f} ms"
    if facts.get("loading"):
        return HealthCheck(name, Health.FAIL, figure, "it is loading its data", "wait until it has")
    if _numbers(version) < OLDEST:
        return HealthCheck(name, Health.FAIL, figure, "it is too old", "Valkey, or Redis 6.2 or newer, is needed")
    return HealthCheck(name, Health.OK, figure, "it answers")


def memory(name: str, facts: Mapping[str, Any]) -> HealthCheck:
    """A queue that is evicted is a queue that is lost; one that is full takes nothing more."""
    used, limit = int(facts.get("used_memory", 0)), int(facts.get("maxmemory", 0))
    policy, what = str(facts.get("maxmemory_policy", "noeviction")), f"memory of {name}"
    if not limit:
        return HealthCheck(what, Health.OK, f"{used / 2**20:.0f} MiB, no limit", "it throws nothing away")
    figure = f"{used / limit:.0%} of {limit / 2**20:.0f} MiB, {policy}"
    if policy != "noeviction":
        sentence = f"when it is full it throws away messages and results (maxmemory-policy {policy})"
        return HealthCheck(what, Health.WARN, figure, sentence, "CONFIG SET maxmemory-policy noeviction")
    state = Health.WARN if used >= NEARLY_FULL * limit else Health.OK
    advice = "raise maxmemory, or find out what fills it" if state is Health.WARN else ""
    return HealthCheck(what, state, figure, "when it is full it takes no further messages", advice)


def persistence(name: str, facts: Mapping[str, Any], saves: str | None) -> HealthCheck:
    """What a restart would lose. ``saves`` is its setting ``save``, None when it does not say."""
    what = f"persistence of {name}"
    if facts.get("aof_enabled") and facts.get("aof_last_write_status", "ok") != "ok":
        return HealthCheck(
            what, Health.FAIL, "AOF fails", "its last write to the append-only file failed", "see its disk"
        )
    if facts.get("rdb_last_bgsave_status", "ok") != "ok":
        return HealthCheck(what, Health.WARN, "save fails", "its last save to disk failed", "see its disk and its log")
    if facts.get("aof_enabled"):
        return HealthCheck(what, Health.OK, "AOF", "a restart loses next to nothing")
    if saves == "":
        sentence = "a restart loses every message that waits; the ledger sends again what it knows"
        return HealthCheck(what, Health.WARN, "none", sentence, "CONFIG SET appendonly yes, and in its configuration")
    return HealthCheck(what, Health.OK, "snapshots", "a restart loses the messages since the last save")


def _saves(client: Any) -> str | None:
    try:
        return str(client.config_get("save").get("save", ""))
    except ResponseError:
        return None  # managed servers do not say


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
