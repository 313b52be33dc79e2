"""Takes a snapshot: pg_dump's archive of one schema, and beside it what was true at that very moment."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from migrator.errors import MigratorError, SnapshotFailed, SnapshotRefused, UnknownSchema
from migrator.model.identifier import checked_schema_name
from migrator.model.snapshot import Snapshot
from migrator.schema import history, moment, refusal
from migrator.schema.fingerprint import fingerprint_of
from migrator.schema.history import HistoryTable
from migrator.schema.pg_child import address, child
from migrator.schema.pg_tools import PgTools, server_version, tools_for
from migrator.schema.rules import Rules
from migrator.schema.session import Session
from migrator.schema.snapshot_store import SnapshotStore, new_id

Fingerprint = Callable[[Session, str, str], str]
"""Of a schema; called with its name and that of its history table."""

_DOING = "taking a snapshot of it"


@dataclass(frozen=True, slots=True)
class _Exported:
    """One moment, as pg_dump is told of it."""

    id: str
    taken_at: datetime
    usable_by_all: bool


def take(
    session: Session,
    schema: str,
    store: SnapshotStore,
    *,
    rules: Rules | None = None,
    places: Sequence[Path] = (),
    fingerprint: Fingerprint | None = fingerprint_of,
    execution: str | None = None,
) -> Snapshot:
    """Store a copy of one schema. The session must be outside a transaction, and is so again afterwards.

    The schema's lock is held meanwhile, the application reads and writes on. ``places`` are directories that may
    have the client programs. Raises PgToolsMissing, UnknownSchema, SnapshotRefused for what could not be restored,
    SchemaLocked, SchemaRefusedForNow, SnapshotFailed and SnapshotStoreFailed; nothing is stored then.
    """
    rules = rules or Rules()
    table, tools = HistoryTable(checked_schema_name(schema), rules.history_table), tools_for(session, places)
    if not history.schema_exists(session, table):
        raise UnknownSchema(database=session.database_id, schema=schema)
    _refuse_extensions(session, table)
    with moment.frozen(session, table, rules, _DOING):
        exported = _Exported(*session.ask(moment.text(session, table, "export"))[0][:3])
        id_ = new_id(exported.taken_at, secrets.token_hex(3))
        rows, past = moment.table_rows(session, table), history.read(session, table)
        hashed = fingerprint(session, schema, table.table) if fingerprint else None
        size, sha256 = store.put(session.database_id, schema, id_, _dumped(session, table, tools, rules, exported.id))
        snapshot = Snapshot(
            id=id_,
            database=session.database_id,
            schema=schema,
            taken_at=exported.taken_at,
            server_version=server_version(session),
            dump_version=tools.version,
            size=size,
            sha256=sha256,
            rows=rows,
            history_table=table.table,
            rank=past.newest_rank,
            version=past.mark.version if past.mark else None,
            fingerprint=hashed,
            execution=execution,
            usable_by_all=exported.usable_by_all,
        )
    store.seal(snapshot)
    return snapshot


def dump_command(session: Session, table: HistoryTable, tools: PgTools, rules: Rules, exported: str) -> list[str]:
    """The words that start pg_dump; there is no password in them."""
    pattern = table.schema.replace('"', '""')
    return [
        tools["pg_dump"],
        "--format=custom",
        f'--schema="{pattern}"',
        "--strict-names",
        "--no-password",
        f"--snapshot={exported}",
        f"--lock-wait-timeout={int(rules.lock_timeout * 1000)}",
        f"--dbname={address(session.connection, 'migrator snapshot')}",
    ]


def _dumped(session: Session, table: HistoryTable, tools: PgTools, rules: Rules, exported: str) -> Iterator[bytes]:
    words = dump_command(session, table, tools, rules, exported)
    with child(words, session.connection, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as dump:
        yield from dump.chunks()
        if dump.end() != 0:
            raise _failed(session, table, *dump.refusal)


def _failed(session: Session, table: HistoryTable, sqlstate: str | None, reason: str) -> MigratorError:
    """A lock that pg_dump waited for too long may be free a little later."""
    if "canceling statement due to" in reason:
        return moment.not_let(session, table.schema, _DOING, sqlstate or refusal.LOCK_TIMEOUT, reason)
    return SnapshotFailed(schema=table.schema, database=session.database_id, reason=reason)


def _refuse_extensions(session: Session, table: HistoryTable) -> None:
    if found := session.ask(moment.text(session, table, "extensions")):
        names = ", ".join(name for (name,) in found)
        raise SnapshotRefused(schema=table.schema, database=session.database_id, extensions=names)
