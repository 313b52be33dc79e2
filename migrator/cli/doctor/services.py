"""What workers and commands share: the control database, the broker, the result backend; and whether workers run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from kombu import Connection as Broker
from kombu.utils.url import maybe_sanitize_url
from redis import Redis
from redis.exceptions import RedisError

from migrator.errors import ControlSchemaMissing, MigratorError
from migrator.model.check import Check, Verdict
from migrator.model.preflight import NEWEST_SERVER, OLDEST_SERVER
from migrator.schema.pooler import changes_connections
from migrator.schema.session import Session, open_url
from tasks import desk
from tasks.broker_repairs import BROKER_ERRORS

ANSWER_SECONDS = 3.0
MOST_SKEW_SECONDS = 5.0
_VALKEY = ("redis:", "rediss:", "valkey:", "valkeys:")


def control() -> Iterator[Check]:
    """Reachable, of a version that we work with, at the schema version of this release, and with a clock like ours."""
    url = desk.settings().control_url
    if url is None:
        return
    try:
        session = open_url(url.get_secret_value().replace("postgresql+psycopg2://", "postgresql://"), "migrator doctor")
    except MigratorError as error:
        yield Check("reachable", Verdict.STOP, "", str(error), "mend MIGRATOR_CONTROL_URL, or start the server")
        return
    try:
        yield server_version(session.connection.info.server_version)
        yield from _clock(session)
        yield from _session_state(session)
    finally:
        session.close()
    try:
        desk.store()
        yield Check("schema", Verdict.OK, "", "the control schema is at the version of this release")
    except ControlSchemaMissing as error:
        yield Check("schema", Verdict.STOP, "", str(error), "migrator init")


def server_version(number: int) -> Check:
    """``number`` as libpq has it: 180006 for 18.6."""
    major, said = number // 10000, f"{number // 10000}.{number % 10000}"
    if major < OLDEST_SERVER:
        return Check("version", Verdict.STOP, said, f"PostgreSQL {said} is too old", f"use {OLDEST_SERVER} or newer")
    if major > NEWEST_SERVER:
        return Check(
            "version", Verdict.WARN, said, f"PostgreSQL {said} is newer than what this release was tested with"
        )
    return Check("version", Verdict.OK, said, f"PostgreSQL {said}")


def clock(skew: float) -> Check:
    """``skew``: seconds that the server's clock is ahead of ours."""
    if abs(skew) <= MOST_SKEW_SECONDS:
        return Check("clock", Verdict.OK, f"{skew:.1f} s", "its clock and ours agree")
    said = f"its clock is {abs(skew):.0f} seconds {'ahead of' if skew > 0 else 'behind'} ours"
    return Check("clock", Verdict.WARN, f"{skew:.0f} s", f"{said}: windows open at another time", "synchronise both")


def _clock(session: Session) -> Iterator[Check]:
    before = time.time()
    [(theirs,)] = session.ask("SELECT extract(epoch FROM clock_timestamp())::float8")
    yield clock(float(theirs) - (before + time.time()) / 2)


def _session_state(session: Session) -> Iterator[Check]:
    if session.ask("SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean")[0][0]:
        yield Check("writable", Verdict.STOP, "", "it takes no changes: a standby, or read-only", "name the primary")
    if changes_connections(session):
        said = "it is reached through a pooler that changes connections between transactions: NOTIFY does not arrive"
        yield Check("pooler", Verdict.WARN, "", said, "name the server itself; without, only polls wake the relay")


def broker() -> Iterator[Check]:
    """Both answer; a server that may forget messages is told."""
    settings = desk.settings()
    if settings.broker_url is None:
        return
    url = settings.broker_url.get_secret_value()
    yield from _answers("broker", url)
    backend = settings.backend_url()
    if backend is None:
        said = "there is no result backend: callers get no results, and large executions no chords"
        yield Check("backend", Verdict.STOP, "", said, "set MIGRATOR_RESULT_BACKEND to a Valkey or Redis")
    elif backend != url:
        yield from _answers("backend", backend)


def _answers(name: str, url: str) -> Iterator[Check]:
    where = maybe_sanitize_url(url)
    try:
        if url.startswith(_VALKEY):
            yield from valkey(name, where, _information(url))
        else:
            with Broker(url, connect_timeout=ANSWER_SECONDS) as connection:
                connection.ensure_connection(max_retries=1, timeout=ANSWER_SECONDS)
            yield Check(name, Verdict.OK, "", f"{where} answers")
    except BROKER_ERRORS as error:
        yield Check(name, Verdict.STOP, "", f"{where} cannot be reached: {error}", "start it, or mend its URL")


def _information(url: str) -> dict[str, Any]:
    plain = url.replace("valkeys:", "rediss:", 1).replace("valkey:", "redis:", 1)
    client = Redis.from_url(plain, socket_connect_timeout=ANSWER_SECONDS, socket_timeout=ANSWER_SECONDS)
    try:
        found: dict[str, Any] = client.info()
        return found
    finally:
        client.close()


def valkey(name: str, where: str, told: dict[str, Any]) -> Iterator[Check]:
    """What a server says of itself, held against what messages need."""
    version = str(told.get("valkey_version") or told.get("redis_version") or "?")
    yield Check(name, Verdict.OK, version, f"{where} answers, version {version}")
    if tuple(int(part) for part in version.split(".")[:2] if part.isdigit()) < (6, 2):
        yield Check(f"{name} version", Verdict.STOP, version, f"{version} is too old", "use 6.2 or newer")
    policy = str(told.get("maxmemory_policy", "noeviction"))
    if told.get("maxmemory") and policy != "noeviction":
        said = f"with maxmemory-policy {policy} it drops messages when memory is short; upkeep sends them again, later"
        yield Check(f"{name} memory", Verdict.WARN, policy, said, "set maxmemory-policy noeviction")
    if not told.get("aof_enabled") and not told.get("rdb_last_save_time"):
        said = "it forgets messages when it restarts; upkeep sends what the ledger has again"
        yield Check(f"{name} durability", Verdict.WARN, "", said, "set appendonly yes")


def workers() -> Iterator[Check]:
    """Whether anybody would take up an event now, and from every queue."""
    from tasks import app

    if desk.settings().broker_url is None:
        return
    try:
        heard = app.control.inspect(timeout=1.0).active_queues() or {}
    except (*BROKER_ERRORS, RedisError):
        return  # said of the broker already
    yield from listening({name: [queue["name"] for queue in queues] for name, queues in heard.items()})


def listening(queues: dict[str, list[str]]) -> Iterator[Check]:
    """``queues``: what each worker that answered takes from."""
    from config.processes import PROCESSES
    from config.queues import STRICTEST_FIRST

    if not queues:
        said = "no worker answers: events are stored in the broker and nothing happens to them"
        yield Check("workers", Verdict.WARN, "0", said, f"start what Procfile names: {', '.join(PROCESSES)}")
        return
    yield Check("workers", Verdict.OK, str(len(queues)), f"{len(queues)} answer: {', '.join(sorted(queues))}")
    taken = {name for found in queues.values() for name in found}
    for name in STRICTEST_FIRST:
        if name not in taken:
            said = f"no worker takes from queue {name}"
            yield Check("queues", Verdict.STOP, name, said, "start one with -Q critical,high,normal,low")
