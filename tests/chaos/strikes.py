"""The hands that kill; each says what it hit, or None when there was nothing to hit."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import redis

from tests.chaos.crew import Crew
from tests.chaos.schedule import Kind, Strike, chosen
from tests.chaos.site import AWAY, CONTROL, Site, once

_LANES = """SELECT pid FROM pg_stat_activity
WHERE application_name LIKE 'migrator%%' AND datname = ANY(%s) ORDER BY application_name, pid"""
_HELD = """SELECT execution_id, database_id, schema_name, stage FROM migrator.outcome
WHERE state = 'running' AND split_part(lease_holder, ':', 3) = ANY(%s)"""

Target = tuple[str, str, str, int]


@dataclass(frozen=True, slots=True)
class Hit:
    """A strike that met something."""

    kind: Kind
    at: float
    """Seconds since the epoch."""
    what: str
    databases: tuple[str, ...] = ()
    """The registered databases that it concerns; empty for all."""
    held: tuple[Target, ...] = field(default=())
    """The targets that whoever was killed was at work on."""
    away: float = 0.0
    """Seconds until a server was to be started again."""


class Striker:
    """Strikes at a site and its crew during one round."""

    def __init__(self, site: Site, crew: Crew, databases: Mapping[str, str]) -> None:
        self._site, self._crew = site, crew
        self._databases = databases
        """Registered database to the target server that it is on."""

    def strike(self, strike: Strike) -> Hit | None:
        """Carry a strike out."""
        return _HANDS[strike.kind](self, strike)

    def _child(self, strike: Strike) -> Hit | None:
        busy = self._busy()
        pid = chosen([pid for pid in self._crew.children() if pid in busy] or self._crew.children(), strike.pick)
        if pid is None:
            return None
        held = self._held([pid])
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        return Hit(strike.kind, time.time(), f"child {pid}", held=held)

    def _worker(self, strike: Strike) -> Hit | None:
        name = chosen(self._crew.workers(), strike.pick)
        return self._tree(strike, name) if name else None

    def _beat(self, strike: Strike) -> Hit | None:
        return self._tree(strike, "beat")

    def _relay(self, strike: Strike) -> Hit | None:
        return self._tree(strike, "relay") if self._crew.has("relay") else None

    def _tree(self, strike: Strike, name: str) -> Hit:
        held = self._held(self._crew.tree(name))
        self._crew.kill_tree(name)
        return Hit(strike.kind, time.time(), name, held=held)

    def _flush(self, strike: Strike) -> Hit | None:
        try:
            with redis.Redis.from_url(self._site.valkey.url(), socket_timeout=5) as client:
                client.flushall()
        except redis.RedisError:
            return None  # it is being started again
        return Hit(strike.kind, time.time(), "valkey")

    def _backend(self, strike: Strike) -> Hit | None:
        """Ends a session of ours in good order, or kills its process, which restarts the whole server."""
        server = chosen(sorted(self._site.targets), strike.pick)
        on_it = self._on(server)
        url = self._site.targets[server].url()
        try:
            pid = chosen([pid for (pid,) in once(url, _LANES, [list(on_it)])], strike.pick * 2 % 1)
            if pid is None:
                return None
            if strike.kind is Kind.TERMINATE:
                once(url, "SELECT pg_terminate_backend(%s)", [pid])
            else:
                os.kill(pid, signal.SIGKILL)
        except (*AWAY, ProcessLookupError):
            return None
        return Hit(strike.kind, time.time(), f"backend {pid} of {server}", databases=on_it)

    def _target(self, strike: Strike) -> Hit | None:
        server = chosen(sorted(self._site.targets), strike.pick)
        return self._server(strike, server, self._on(server))

    def _control(self, strike: Strike) -> Hit | None:
        return self._server(strike, CONTROL)

    def _valkey(self, strike: Strike) -> Hit | None:
        return self._server(strike, "valkey")

    def _rabbitmq(self, strike: Strike) -> Hit | None:
        return self._server(strike, "rabbitmq")

    def _server(self, strike: Strike, name: str, databases: tuple[str, ...] = ()) -> Hit | None:
        if self._site.servers[name].pid is None:
            return None
        self._site.kill(name, strike.away)
        return Hit(strike.kind, time.time(), f"{name}, {strike.away} s", databases=databases, away=strike.away)

    def _on(self, server: str) -> tuple[str, ...]:
        return tuple(database for database, home in self._databases.items() if home == server)

    def _busy(self) -> set[int]:
        found = "SELECT split_part(lease_holder, ':', 3)::int FROM migrator.outcome WHERE state = 'running'"
        try:
            return {pid for (pid,) in once(self._site.control.url(CONTROL), found)}
        except AWAY:
            return set()

    def _held(self, pids: list[int]) -> tuple[Target, ...]:
        try:
            return tuple(once(self._site.control.url(CONTROL), _HELD, [list(map(str, pids))]))
        except AWAY:
            return ()


_HANDS: Mapping[Kind, Callable[[Striker, Strike], Hit | None]] = {
    Kind.CHILD: Striker._child,
    Kind.WORKER: Striker._worker,
    Kind.BEAT: Striker._beat,
    Kind.RELAY: Striker._relay,
    Kind.VALKEY: Striker._valkey,
    Kind.FLUSH: Striker._flush,
    Kind.RABBITMQ: Striker._rabbitmq,
    Kind.TERMINATE: Striker._backend,
    Kind.CRASH: Striker._backend,
    Kind.TARGET: Striker._target,
    Kind.CONTROL: Striker._control,
}
