"""Puts a snapshot back in the place of its schema, and keeps aside what was there."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
    SchemaRefusedForNow,
    ServerRefusedForNow,
)
from migrator.model.snapshot import LeftBehind, Snapshot, left_behind
from migrator.schema import aside as keeping
from migrator.schema import history, moment
from migrator.schema.aside import Aside
from migrator.schema.history import HistoryTable
from migrator.schema.obstacles import obstacles
from migrator.schema.pg_child import Child, address, child
from migrator.schema.pg_tools import PgTools, major, tools_for
from migrator.schema.refusal import UNTOUCHED, is_passing
from migrator.schema.rules import Rules
from migrator.schema.session import Session
from migrator.schema.snapshot import Fingerprint
from migrator.schema.snapshot_store import SnapshotStore

_DOING = "restoring it"
_NOT_OURS = (b"SET lock_timeout = 0;", b"SET transaction_timeout = 0;")
"""Lines of pg_restore's beginning: the first would let us wait for ever, with others behind us; the second is
unknown to servers before 17."""
_FIRST_ENTRY = b"\n-- Name: "


@dataclass(frozen=True, slots=True)
class Preview:
    """What restoring a snapshot would do now."""

    snapshot: Snapshot
    exists: bool
    """Whether there is a schema that would be set aside."""
    version: str | None
    """What the schema is at now."""
    left_behind: tuple[LeftBehind, ...]
    obstacles: tuple[str, ...]
    """Why it would be refused; empty when it would not."""

    @property
    def written(self) -> int:
        """About how many rows, in all tables, were written since the snapshot."""
        return sum(table.written for table in self.left_behind)


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
    """Whether the fingerprint is the snapshot's; None when one of the two was not taken."""
    seconds: float

    @property
    def written(self) -> int:
        """About how many rows, in all tables, were written since the snapshot."""
        return sum(table.written for table in self.left_behind)


def preview(session: Session, snapshot: Snapshot) -> Preview:
    """What a restore would leave behind, and what is in its way; changes nothing."""
    table = HistoryTable(snapshot.schema, snapshot.history_table)
    mark = history.read(session, table).mark
    return Preview(
        snapshot=snapshot,
        exists=history.schema_exists(session, table),
        version=mark.version if mark else None,
        left_behind=_left_behind(session, snapshot, table),
        obstacles=obstacles(session, table),
    )


def restore(
    session: Session,
    snapshot: Snapshot,
    store: SnapshotStore,
    *,
    rules: Rules | None = None,
    places: Sequence[Path] = (),
    fingerprint: Fingerprint | None = None,
) -> Restored:
    """Verify a snapshot, set the present schema aside, and restore, in one transaction and under the schema's lock.

    Raises SnapshotDamaged, PgToolsMissing, RestoreRefused, SchemaLocked, SchemaRefusedForNow and RestoreFailed; the
    schema is as it was before then.
    """
    started, rules = time.monotonic(), rules or Rules()
    table = HistoryTable(snapshot.schema, snapshot.history_table)
    tools = tools_for(session, places, at_least=major(snapshot.dump_version))
    with store.fetched(snapshot) as archive, moment.held(session, table, rules, _DOING):
        before = preview(session, snapshot)
        if before.obstacles:
            found = "; ".join(before.obstacles)
            raise RestoreRefused(schema=table.schema, database=session.database_id, obstacles=found)
        aside = _aside(session, snapshot) if before.exists else None
        _patiently(rules)(_Restoration(session, snapshot, table, tools, rules, aside).run, archive)
        hashed = fingerprint(session, table.schema, table.table) if fingerprint else None
        kept = HistoryTable(aside.name, table.table) if aside else None
        return Restored(
            snapshot=snapshot,
            aside=aside.name if aside else None,
            left_behind=_left_behind(session, snapshot, kept) if kept else (),
            fingerprint=hashed,
            is_equal=hashed == snapshot.fingerprint if hashed and snapshot.fingerprint else None,
            seconds=time.monotonic() - started,
        )


@dataclass(frozen=True, slots=True)
class _Restoration:
    """One transaction of psql's. The session only holds the lock meanwhile."""

    session: Session
    snapshot: Snapshot
    table: HistoryTable
    tools: PgTools
    rules: Rules
    aside: Aside | None

    def run(self, archive: Path) -> None:
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
                self._send(target, source)
            if target.end() != 0 and not self._is_done(target):
                raise self._failed(target)
        with contextlib.suppress(psycopg2.Error):  # autovacuum does it too, later
            self._analyze()

    def _send(self, target: Child, source: Child) -> None:
        target.feed(self._beginning().encode())
        for chunk in without_header_lines(source.chunks()):
            target.feed(chunk)
        if source.end() != 0:
            target.end()  # without COMMIT; afterwards the server has taken everything back
            raise self._failed(source)
        target.feed(self._end().encode())

    def _beginning(self) -> str:
        patience = moment.milliseconds(self.rules.lock_timeout)
        begin = self._text("begin", level=sql.SQL("READ COMMITTED"), lock_timeout=patience)
        renaming = self.session.text(keeping.renaming(self.table, self.aside)) if self.aside else ""
        return f"{begin}\n{renaming}\n"

    def _end(self) -> str:
        grant = self._text("usable_by_all") if self.snapshot.usable_by_all else ""
        return f"{grant}\nCOMMIT;\n"

    def _is_done(self, target: Child) -> bool:
        """Whether the COMMIT got through to the server although psql did not live to hear of it."""
        expected = HistoryTable(self.aside.name) if self.aside else self.table
        try:
            return history.schema_exists(self.session, expected)
        except QueryRefused:
            database, reason = self.session.database_id, target.refusal[1]
            raise ConnectionLost(database=database, schema=self.table.schema, reason=reason) from None

    def _analyze(self) -> None:
        if names := sorted(self.snapshot.rows):
            tables = sql.SQL(", ").join(sql.Identifier(self.table.schema, name) for name in names)
            self.session.run(self._text("analyze", tables=tables))

    def _failed(self, ended: Child) -> MigratorError:
        sqlstate, reason = ended.refusal
        schema, database = self.table.schema, self.session.database_id
        if is_passing(sqlstate):
            return SchemaRefusedForNow(
                schema=schema, database=database, doing=_DOING, sqlstate=sqlstate, reason=reason, state=UNTOUCHED
            )
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


def _left_behind(session: Session, snapshot: Snapshot, table: HistoryTable) -> tuple[LeftBehind, ...]:
    """The history table left out: what became of it is told by the versions."""
    now, then = moment.table_rows(session, table), dict(snapshot.rows)
    now.pop(table.table, None)
    then.pop(table.table, None)
    return left_behind(then, now)


def _patiently(rules: Rules) -> Retrying:
    """Try again when the application held on to a table for longer than we may let others wait behind us."""
    return Retrying(
        retry=retry_if_exception_type(ServerRefusedForNow),
        stop=stop_after_attempt(rules.tries),
        wait=wait_random_exponential(multiplier=0.1, max=2),
        reraise=True,
    )


def _aside(session: Session, snapshot: Snapshot) -> Aside:
    at = str(session.ask("SELECT now()")[0][0])
    return Aside(keeping.new_name(snapshot.schema), snapshot.schema, snapshot.id, at)
