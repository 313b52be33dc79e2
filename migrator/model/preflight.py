"""Preflight: what one look at a database says about starting a wave there. Pure.

A stop is something that passes, or that a person has to look at; the database waits and is asked again. What
only deserves to be known is a warning. What cannot be seen is a warning too, never a stop.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from migrator.model.check import Check, Verdict
from migrator.model.facts import Capacity, DatabaseFacts, Replica, Transaction

OLDEST_SERVER = 14
NEWEST_SERVER = 18
MOST_NAMED = 3
LANE = "migrator lane"
"""How the sessions of our own lanes are named, with a slot and an execution behind it."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What a wave will ask of one database."""

    schemas: tuple[str, ...] = ()
    lanes: int = 1
    locks_per_target: int = 100
    """Locks that the migration of one target takes at most: tables, their indexes, sequences and toast tables."""
    group: int = 1
    """Targets that share a transaction."""

    @property
    def locks(self) -> int:
        """Locks that are held at the same time when every lane is in the middle of its transaction."""
        return self.lanes * self.group * self.locks_per_target


@dataclass(frozen=True, slots=True)
class PreflightLimits:
    """From where on a figure is a warning, and from where on a stop."""

    transaction_warn: float = 60.0
    """Seconds that somebody's transaction is open."""
    transaction_stop: float = 300.0
    """The same, but only for one that holds locks in the schemas concerned."""
    lag_warn: float = 10.0
    """Seconds."""
    lag_stop: float = 60.0
    lag_bytes_warn: int = 64 * 2**20
    lag_bytes_stop: int = 2**30
    connections_warn: int = 10
    """Connections that the lanes leave to others."""
    connections_stop: int = 3
    locks_warn: float = 0.7
    """Share of the lock table that is used with our locks in it."""
    locks_stop: float = 0.95


DEFAULT_LIMITS = PreflightLimits()


def check(facts: DatabaseFacts, needs: Needs, limits: PreflightLimits = DEFAULT_LIMITS) -> tuple[Check, ...]:
    """Every check of a database that answered, in the order in which they are shown."""
    return (
        Check("reachable", Verdict.OK, "yes", "the database answers"),
        _version(facts),
        _writable(facts),
        _connections(facts, needs, limits),
        _transactions(facts, limits),
        _replicas(facts, limits),
        _locks(facts, needs, limits),
        _indexes(facts),
        _load(facts),
    )


def unreachable(reason: str) -> tuple[Check, ...]:
    """What there is to say about a database that did not answer."""
    advice = "check its address, its credential, and whether the server runs"
    return (Check("reachable", Verdict.STOP, "no", reason, advice),)


def _version(facts: DatabaseFacts) -> Check:
    major, minor = divmod(facts.version, 10000)
    figure, supported = f"{major}.{minor}", f"PostgreSQL {OLDEST_SERVER} to {NEWEST_SERVER} are supported"
    if major < OLDEST_SERVER:
        return Check("version", Verdict.STOP, figure, f"the server is too old; {supported}", "upgrade the server")
    if major > NEWEST_SERVER:
        advice = "look for a newer release of migrator, and rehearse first"
        return Check("version", Verdict.WARN, figure, f"the server is newer than this release; {supported}", advice)
    return Check("version", Verdict.OK, figure, "the server's version is supported")


def _writable(facts: DatabaseFacts) -> Check:
    if facts.in_recovery:
        advice = "register the address of the primary, or wait until this server is promoted"
        return Check("writable", Verdict.STOP, "replica", "the server is in recovery and cannot be written to", advice)
    if facts.read_only:
        sentence = "transactions are read-only here by default_transaction_read_only; somebody does not want writes"
        advice = "find out why, then reset it: ALTER DATABASE ... or ALTER ROLE ... RESET default_transaction_read_only"
        return Check("writable", Verdict.STOP, "read-only", sentence, advice)
    return Check("writable", Verdict.OK, "yes", "the database can be written to")


def _connections(facts: DatabaseFacts, needs: Needs, limits: PreflightLimits) -> Check:
    """The tightest of three limits decides. Of our own role's limit nothing has to be left to others."""
    shared = [("the server", facts.connections), ("the database", facts.database_connections)]
    rooms = [(where, room, room.free - needs.lanes) for where, room in shared if room]
    where, room, left = min(rooms, key=lambda found: found[2])
    role = facts.role_connections
    if role and role.free < needs.lanes:
        return _headroom(Verdict.STOP, f"role {facts.user}", role, needs)
    return _headroom(_below(left, limits.connections_warn, limits.connections_stop), where, room, needs)


def _headroom(verdict: Verdict, where: str, room: Capacity, needs: Needs) -> Check:
    figure = f"{room.free} of {room.limit} free"
    sentence = f"{where} has {room.free} of {room.limit} connections free, {needs.lanes} are needed for lanes"
    advice = "" if verdict is Verdict.OK else "close idle connections, raise the limit, or use fewer lanes"
    return Check("connections", verdict, figure, sentence, advice)


def _transactions(facts: DatabaseFacts, limits: PreflightLimits) -> Check:
    """Our DDL queues behind the locks; and concurrent index builds wait for every old transaction."""
    judged = [(_judged(found, limits), found) for found in facts.transactions]
    named = [found for wanted in (Verdict.STOP, Verdict.WARN) for verdict, found in judged if verdict is wanted]
    oldest = max((found.seconds or 0.0 for found in facts.transactions), default=0.0)
    if named:
        verdict = Verdict.STOP if any(v is Verdict.STOP for v, _ in judged) else Verdict.WARN
        sentence = "our statements would wait for " + _listed([_described(found) for found in named])
        return Check("transactions", verdict, f"oldest {_span(oldest)}", sentence, _ending(named[0]))
    if facts.hidden_sessions:
        sentence = f"role {facts.user} may not see what {facts.hidden_sessions} sessions do"
        advice = f"GRANT pg_read_all_stats TO {facts.user}"
        return Check("transactions", Verdict.WARN, f"{facts.hidden_sessions} hidden", sentence, advice)
    return Check("transactions", Verdict.OK, f"oldest {_span(oldest)}", "no transaction has been open for long")


def _judged(found: Transaction, limits: PreflightLimits) -> Verdict:
    """A lane of ours is nobody to wait for; one left behind in a schema concerned is ended when that is taken over."""
    if (found.application or "").startswith(LANE):
        return Verdict.WARN if found.relations else Verdict.OK
    if found.seconds is None:
        return Verdict.WARN if found.relations else Verdict.OK
    if found.relations and found.seconds >= limits.transaction_stop:
        return Verdict.STOP
    return Verdict.WARN if found.seconds >= limits.transaction_warn else Verdict.OK


def _described(found: Transaction) -> str:
    who = f"pid {found.pid}" if found.pid is not None else f"prepared transaction {found.gid!r}"
    age = "of unknown age" if found.seconds is None else f"open for {_span(found.seconds)}"
    named = [found.application or "", f"user {found.user}" if found.user else "", found.state or "", age]
    locks = f", with locks on {found.relations} relations such as {found.relation}" if found.relations else ""
    last = f", last statement: {found.query}" if found.query else ""
    return f"{who} ({', '.join(word for word in named if word)}{locks}{last})"


def _ending(found: Transaction) -> str:
    if found.pid is None:
        return f"let its owner end it: COMMIT PREPARED or ROLLBACK PREPARED {_literal(str(found.gid))}"
    return f"wait until it ends, or end it: SELECT pg_terminate_backend({found.pid})"


def _replicas(facts: DatabaseFacts, limits: PreflightLimits) -> Check:
    if facts.hidden_replicas:
        sentence = f"role {facts.user} may not see the lag of {facts.hidden_replicas} replicas"
        return Check("replicas", Verdict.WARN, "unknown", sentence, f"GRANT pg_read_all_stats TO {facts.user}")
    if not facts.replicas:
        return Check("replicas", Verdict.OK, "none", "the server has no replicas")
    severity = list(Verdict)
    furthest = max(facts.replicas, key=lambda r: (severity.index(_behind(r, limits)), r.seconds or 0.0, r.bytes))
    verdict = _behind(furthest, limits)
    lag = "unknown" if furthest.seconds is None else _span(furthest.seconds)
    figure = f"{lag}, {furthest.bytes / 2**20:.1f} MiB"
    advice = "" if verdict is Verdict.OK else "wait until the replica has caught up; if it does not, look into its log"
    return Check("replicas", verdict, figure, f"replica {furthest.name} is furthest behind: {figure}", advice)


def _behind(replica: Replica, limits: PreflightLimits) -> Verdict:
    by_time = _above(replica.seconds or 0.0, limits.lag_warn, limits.lag_stop)
    by_size = _above(replica.bytes, limits.lag_bytes_warn, limits.lag_bytes_stop)
    return max(by_time, by_size, key=list(Verdict).index)


def _locks(facts: DatabaseFacts, needs: Needs, limits: PreflightLimits) -> Check:
    then = (facts.locks.used + needs.locks) / max(facts.locks.limit, 1)
    verdict = _above(then, limits.locks_warn, limits.locks_stop)
    used, limit = facts.locks.used, facts.locks.limit
    sentence = f"{used} of {limit} entries of the server's lock table are used, {needs.locks} more are planned"
    advice = "" if verdict is Verdict.OK else "use fewer lanes or smaller groups, or raise max_locks_per_transaction"
    return Check("locks", verdict, f"{then:.0%} then used", sentence, advice)


def _indexes(facts: DatabaseFacts) -> Check:
    if not facts.invalid_count:
        return Check("indexes", Verdict.OK, "0 invalid", "no index was left invalid")
    names = _listed(facts.invalid_indexes, facts.invalid_count)
    advice = "REINDEX INDEX CONCURRENTLY each, or drop it; a unique one may have found duplicates"
    sentence = f"left invalid by a concurrent build that failed: {names}"
    return Check("indexes", Verdict.WARN, f"{facts.invalid_count} invalid", sentence, advice)


def _load(facts: DatabaseFacts) -> Check:
    sentence = f"{facts.active} sessions of the server are at work, {facts.lock_waits} here wait for a lock"
    return Check("load", Verdict.OK, f"{facts.active} active", sentence)


def _above(figure: float, warn: float, stop: float) -> Verdict:
    if figure >= stop:
        return Verdict.STOP
    return Verdict.WARN if figure >= warn else Verdict.OK


def _below(figure: float, warn: float, stop: float) -> Verdict:
    if figure < stop:
        return Verdict.STOP
    return Verdict.WARN if figure < warn else Verdict.OK


def _listed(names: Iterable[str], count: int | None = None) -> str:
    found = list(names)
    more = (count or len(found)) - MOST_NAMED
    return ", ".join(found[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 600 else f"{seconds / 60:.0f} min"


def _literal(text: str) -> str:
    """As PostgreSQL reads it: whoever named a transaction must not write the advice that is copied from here."""
    return "'" + text.replace("'", "''") + "'"
