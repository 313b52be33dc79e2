"""Puts a snapshot back in the place of its schema, and keeps aside what was there."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg2
from psycopg2 import sql
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from migrator.errors import (
    ConnectionLost,
    MigratorError,
    QueryRefused,
    RestoreFailed,
    RestoreRefused,
    ServerRefusedForNow,
)
from migrator.model.snapshot import LeftBehind, Snapshot
from migrator.schema import aside as keeping
from migrator.schema import history, moment
from migrator.schema.aside import Aside
from migrator.schema.fingerprint import fingerprint_of
from migrator.schema.history import HistoryTable
from migrator.schema.obstacles import obstacles
from migrator.schema.pg_child import Child, address, child
from migrator.schema.pg_tools import PgTools, major, server_version, tools_for
from migrator.schema.preview import written_to
from migrator.schema.rules import Rules
from migrator.schema.session import Session
from migrator.schema.snapshot import Fingerprint
from migrator.schema.snapshot_store import SnapshotStore
from migrator.schema.sqlstate import is_passing

_DOING = "restoring it"
_NOT_OURS = (b"SET lock_timeout = 0;", b"SET transaction_timeout = 0;")
"""Lines of pg_restore's beginning: the first would let us wait for ever, with others behind us; the second is
unknown to servers before 17."""
_FIRST_ENTRY = b"\n-- Name: "


@dataclass(frozen=True, slots=True)
class Restored:
    """What restoring a snapshot did."""

    snapshot: Snapshot
    aside: str | None
    """What the schema that was there is called now; None when there was none."""
    left_behind: tuple[LeftBehind, ...]
    """Counted when nobody could write to it any more."""
    fingerprint: str | None
    is_equal: bool | None
    """Whether the fingerprint is the snapshot's; None when that cannot be known."""
    seconds: float = 0.0

    @property
    def written(self) -> int:
        """About how many rows, in all tables, were written since the snapshot."""
        return sum(table.written for table in self.left_behind)


def restore(
    session: Session,
    snapshot: Snapshot,
    store: SnapshotStore,
    *,
    rules: Rules | None = None,
    places: Sequence[Path] = (),
    fingerprint: Fingerprint | None = fingerprint_of,
) -> Restored:
    """Verify a snapshot, set the present schema aside, and restore, in one transaction and under the schema's lock.

    Raises SnapshotDamaged, PgToolsMissing, RestoreRefused, SchemaLocked, SchemaRefusedForNow and RestoreFailed; the
    schema is as it was before then.
    """
    started, rules = time.monotonic(), rules or Rules()
    table = HistoryTable(snapshot.schema, snapshot.history_table)
    tools = tools_for(session, places, at_least=major(snapshot.dump_version))
    restoration = _Restoration(session, snapshot, table, tools, rules, fingerprint)
    with store.fetched(snapshot) as archive:
        done = _patiently(rules)(restoration.attempt, archive)
    return replace(done, seconds=time.monotonic() - started)


@dataclass(frozen=True, slots=True)
class _Restoration:
    """One transaction of psql's; the session holds the lock meanwhile, and must have touched no table of the schema."""

    session: Session
    snapshot: Snapshot
    table: HistoryTable
    tools: PgTools
    rules: Rules
    fingerprint: Fingerprint | None

    def attempt(self, archive: Path) -> Restored:
        """All of it once, from taking the lock to looking at what is there then."""
        with moment.held(self.session, self.table, self.rules, _DOING):
            aside = self._aside() if history.schema_exists(self.session, self.table) else None
            if found := obstacles(self.session, self.table):
                schema, database = self.table.schema, self.session.database_id
                raise RestoreRefused(schema=schema, database=database, obstacles="; ".join(found))
            self._run(archive, aside)
            done = self._found(aside)
            self._analyze()
            return done

    def _run(self, archive: Path, aside: Aside | None) -> None:
        """COMMIT is sent by us, when everything before it has been sent: were it left to psql's --single-transaction,
        the end of its input would be enough, even when pg_restore was killed half way.
        """
        pipe = subprocess.PIPE
        psql = psql_command(self.session, self.tools)
        convert = [self.tools["pg_restore"], "--file=-", str(archive)]
        with (
            child(psql, self.session.connection, stdin=pipe, stdout=subprocess.DEVNULL) as target,
            child(convert, stdin=subprocess.DEVNULL, stdout=pipe) as source,
        ):
            with contextlib.suppress(BrokenPipeError):  # psql has ended, and says why
                self._send(target, source, aside)
            target.end()
            if not self._is_done(target, aside):
                raise self._failed(target)

    def _send(self, target: Child, source: Child, aside: Aside | None) -> None:
        target.feed(self._beginning(aside).encode())
        for chunk in without_header_lines(source.chunks()):
            target.feed(chunk)
        if source.end() != 0:
            target.end()  # without COMMIT; afterwards the server has taken everything back
            raise self._failed(source)
        target.feed(self._end().encode())

    def _beginning(self, aside: Aside | None) -> str:
        patience = moment.milliseconds(self.rules.lock_timeout)
        begin = self._text("begin", level=sql.SQL("READ COMMITTED"), lock_timeout=patience)
        renaming = self.session.text(keeping.renaming(self.table, aside)) if aside else ""
        return f"{begin}\n{renaming}\n"

    def _end(self) -> str:
        grant = self._text("usable_by_all") if self.snapshot.usable_by_all else ""
        return f"{grant}\nCOMMIT;\n"

    def _is_done(self, target: Child, aside: Aside | None) -> bool:
        """Whether the COMMIT got through to the server, also when psql did not live to hear of it."""
        expected = HistoryTable(aside.name) if aside else self.table
        try:
            moment.renew(self.session, self.table, self.rules)
            return history.schema_exists(self.session, expected)
        except QueryRefused:
            database, reason = self.session.database_id, target.refusal[1]
            raise ConnectionLost(database=database, schema=self.table.schema, reason=reason) from None

    def _found(self, aside: Aside | None) -> Restored:
        """What is there now; not known where the server does not answer, for the schema has been restored.

        In the moment in which the lock was renewed another run may have got it; rarely.
        """
        name = aside.name if aside else None
        try:
            left = written_to(self.session, self.snapshot, name) if name else ()
            hashed = self.fingerprint(self.session, self.table.schema, self.table.table) if self.fingerprint else None
        except QueryRefused:
            return Restored(self.snapshot, name, (), None, None)
        return Restored(
            self.snapshot, name, left, hashed, _is_equal(self.snapshot, hashed, server_version(self.session))
        )

    def _aside(self) -> Aside:
        at = str(self.session.ask("SELECT now()")[0][0])
        return Aside(keeping.new_name(self.snapshot.schema), self.snapshot.schema, self.snapshot.id, at)

    def _analyze(self) -> None:
        """The planner knows nothing of tables that are new; where we may not tell it, autovacuum will."""
        names = [sql.Identifier(self.table.schema, name) for name in sorted(self.snapshot.rows)]
        if not names:
            return
        with contextlib.suppress(psycopg2.Error):
            self.session.run(self._text("analyze", tables=sql.SQL(", ").join(names)))

    def _failed(self, ended: Child) -> MigratorError:
        sqlstate, reason = ended.refusal
        schema, database = self.table.schema, self.session.database_id
        if is_passing(sqlstate):
            return moment.not_let(self.session, schema, _DOING, sqlstate, reason)
        said = f"SQLSTATE {sqlstate}: {reason}" if sqlstate else reason
        return RestoreFailed(id=self.snapshot.id, schema=schema, database=database, reason=said)

    def _text(self, name: str, **more: sql.Composable) -> str:
        return moment.text(self.session, self.table, name, **more)


def psql_command(session: Session, tools: PgTools) -> list[str]:
    """The words that start psql; there is no password in them."""
    return [
        tools["psql"],
        "--no-psqlrc",
        "--no-password",
        "--quiet",
        "--set=ON_ERROR_STOP=1",
        "--set=VERBOSITY=verbose",
        f"--dbname={address(session.connection, 'migrator restore')}",
    ]


def without_header_lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """pg_restore's script without those of its settings that are not for us; only what precedes the first entry."""
    header = b""
    for chunk in chunks:
        header += chunk
        if _FIRST_ENTRY in header:
            break
    settings, entry, rest = header.partition(_FIRST_ENTRY)
    yield b"\n".join(line for line in settings.split(b"\n") if line not in _NOT_OURS) + entry + rest
    yield from chunks


def _is_equal(snapshot: Snapshot, fingerprint: str | None, version: str) -> bool | None:
    """Not known when one was not taken, nor from one major version to another, whose texts differ."""
    if not fingerprint or not snapshot.fingerprint or major(version) != major(snapshot.server_version):
        return None
    return fingerprint == snapshot.fingerprint


def _patiently(rules: Rules) -> Retrying:
    """Try again when the application held on to a table for longer than we may let others wait behind us."""
    return Retrying(
        retry=retry_if_exception_type(ServerRefusedForNow),
        stop=stop_after_attempt(rules.tries),
        wait=wait_random_exponential(multiplier=0.1, max=2),
        reraise=True,
    )
