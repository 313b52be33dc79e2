"""The memory that all workers share for their breakers: Valkey or Redis, changed by one script at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from migrator.model.breaker import Breaker, BreakerState, Permit, Thresholds
from migrator.queries import load_queries

REACH_SECONDS = 1.0
"""Nobody waits longer than this for a breaker."""
LONGEST_REASON = 500
KEY = "migrator:breaker:"

_SCRIPTS = load_queries(Path(__file__).with_name("breaker.lua"))
_HEAD = _SCRIPTS.pop("breaker")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a script found and left, at what moment of the store's clock."""

    before: Breaker
    after: Breaker
    permit: Permit
    now: float


class BreakerStore:
    """One breaker for each database. Raises redis' own errors while the server is away.

    The moments are those of the server, the only clock that all workers share; ``now`` is for tests.
    """

    def __init__(self, url: str, thresholds: Thresholds) -> None:
        self._client: Any = Redis.from_url(
            redis_url(url),
            socket_connect_timeout=REACH_SECONDS,
            socket_timeout=REACH_SECONDS,
            retry=Retry(NoBackoff(), 1),  # once: a pooled connection may be older than the server
            decode_responses=True,
        )
        self._thresholds = thresholds
        self._scripts = {name: self._client.register_script(f"{_HEAD}\n{body}") for name, body in _SCRIPTS.items()}

    def run(
        self,
        script: str,
        database_id: str,
        *,
        probe: int = 0,
        reason: str = "",
        now: float | None = None,
        thresholds: Thresholds | None = None,
    ) -> Answer:
        """Run look, allow, succeeded, failed, give_back, hold or reset on a database's breaker.

        Its own thresholds matter to failed alone.
        """
        most = thresholds or self._thresholds
        limits = (most.failures, most.window, most.open_seconds, most.longest, most.probe_seconds, most.probe_pause)
        moment = "" if now is None else repr(now)
        found = self._scripts[script](
            keys=[KEY + database_id], args=[moment, *map(repr, limits), probe, reason[:LONGEST_REASON]]
        )
        before, after, (granted, wait, number), said = found
        permit = Permit(bool(granted), float(wait), int(number))
        return Answer(_breaker(before), _breaker(after), permit, float(said))


def redis_url(url: str) -> str:
    """A URL as Celery takes it, in the words of the redis client: its schemes, its names for certificate checks."""
    parts = urlsplit(url)
    scheme = parts.scheme.replace("valkeys", "rediss").replace("valkey", "redis")
    options = [(name, value.lower().removeprefix("cert_") if name == "ssl_cert_reqs" else value)
               for name, value in parse_qsl(parts.query)]  # fmt: skip
    return urlunsplit((scheme, parts.netloc, parts.path, urlencode(options), parts.fragment))


def _breaker(fields: Sequence[str]) -> Breaker:
    state, failures, since, openings, open_until, probe, probe_until, is_held, reason = fields
    return Breaker(
        BreakerState(state),
        int(failures),
        float(since),
        int(openings),
        float(open_until),
        int(probe),
        float(probe_until),
        is_held == "1",
        reason,
    )
