"""What one look at a database finds: plain numbers and names, read by ``migrator/schema/preflight.py``."""

from __future__ import annotations

import re
from dataclasses import dataclass

_COMMENT = re.compile(r"/\*.*?(\*/|$)|--[^\n]*", re.DOTALL)
_VALUE = re.compile(r"['$(=]|(?<![\w.\"])\d")
_WORDS = 6


@dataclass(frozen=True, slots=True)
class Capacity:
    """How much of something there is, and how much of it others use."""

    limit: int
    used: int

    @property
    def free(self) -> int:
        """What is left; negative when a limit was lowered below what is used."""
        return self.limit - self.used


@dataclass(frozen=True, slots=True)
class Transaction:
    """Somebody else's open transaction in this database, or one that was prepared and never ended."""

    pid: int | None
    """None for a prepared one, which has no process any more."""
    gid: str | None
    """The name of a prepared one."""
    user: str | None
    application: str | None
    state: str | None
    """As pg_stat_activity says it, "prepared", or None when we may not see it."""
    seconds: float | None
    """How long it is open; None when we may not see it."""
    query: str
    """The first words of its last statement, without values."""
    relations: int = 0
    """On how many tables and indexes of the schemas concerned it holds a lock."""
    relation: str | None = None
    """One of these."""


@dataclass(frozen=True, slots=True)
class Replica:
    """A physical replica and how far it is behind."""

    name: str
    seconds: float | None
    """Replay lag; None when the server has no measure and the replica is behind."""
    bytes: int


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """One look at one database, as seen by the role that migrates; our own connection is counted nowhere."""

    user: str
    version: int
    """As server_version_num, 180003 for 18.3."""
    in_recovery: bool
    read_only: bool
    """Whether a transaction is read-only unless it says otherwise."""
    connections: Capacity
    """Of the server, without those that are reserved."""
    database_connections: Capacity | None
    """None when the database has no limit, or none for us."""
    role_connections: Capacity | None
    """None when our role has no limit."""
    locks: Capacity
    """Entries of the server's shared lock table."""
    transactions: tuple[Transaction, ...] = ()
    """The oldest: of those that hold locks in the schemas concerned, and of the others."""
    hidden_sessions: int = 0
    """Sessions in this database of which we may not see what they do."""
    replicas: tuple[Replica, ...] = ()
    hidden_replicas: int = 0
    invalid_indexes: tuple[str, ...] = ()
    """The first by name."""
    invalid_count: int = 0
    active: int = 0
    """Sessions of the whole server that are at work, as far as we may see them."""
    lock_waits: int = 0
    """Sessions in this database that wait for a lock, as far as we may see them."""


@dataclass(frozen=True, slots=True)
class Load:
    """How busy a database is right now; the few numbers that a lane asks for between batches."""

    lock_waits: int
    active: int
    lag_seconds: float | None
    """Of the replica that is furthest behind, 0 without replicas, None when it is not known."""
    lag_bytes: int | None


def first_words(query: str) -> str:
    """The beginning of a statement, up to where values may stand: enough to recognise it and nothing to leak."""
    text = _COMMENT.sub(" ", query)
    return " ".join(_VALUE.split(text, maxsplit=1)[0].split()[:_WORDS])
