"""Looking for drift: each target's fingerprint, and in the end the targets that are not as their peers are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row

from migrator.errors import QueryRefused
from migrator.fleet import ledger
from migrator.model.execution import Claim, Outcome
from migrator.model.history import Mark
from migrator.model.target import Database
from migrator.schema.drift import Group, grouped
from migrator.schema.fingerprint import fingerprint_of, fingerprints_of
from migrator.schema.marks import read_marks
from migrator.schema.session import Session
from tasks import desk
from tasks.maintaining import Maintaining, done

MOST_NAMED = 100


class Drifting(Maintaining):
    """Records version and fingerprint of each target, a batch at a time."""

    def __init__(self, row: Row[Any], database: Database) -> None:
        super().__init__(self._look)
        self._history_table = desk.rules(database).history_table
        self._found: dict[str, str] = {}
        self._marks: dict[str, Mark] | None = None

    def begin(self, session: Session, batch: Sequence[Claim]) -> None:
        """One question for all fingerprints; a server that refuses it is asked for one at a time."""
        if self._marks is None:
            self._marks = read_marks(session, self._history_table)
        try:
            self._found = fingerprints_of(session, [claim.schema_name for claim in batch], self._history_table)
        except QueryRefused:
            self._found = {}

    def _look(self, session: Session, claim: Claim) -> Outcome:
        found = self._found.get(claim.schema_name)
        fingerprint = found or fingerprint_of(session, claim.schema_name, self._history_table)
        mark = (self._marks or {}).get(claim.schema_name)
        version = mark.version if mark else None
        return done(claim, server(session), from_version=version, to_version=version, fingerprint_after=fingerprint)


def server(session: Session) -> str:
    """Which server made a fingerprint; those of two major versions are not to be compared."""
    return f"PostgreSQL {session.connection.info.server_version // 10000}"


def drifted(connection: Connection, execution_id: str) -> list[dict[str, Any]]:
    """The targets of an execution that are not as most of their peers are, as its report lists them."""
    return odd_ones(ledger.fingerprints(connection, execution_id))


def odd_ones(rows: Iterable[Any]) -> list[dict[str, Any]]:
    """Peers are of one scope and version, and on servers of one major version, which ``note`` says."""
    peers: dict[tuple[str, str | None, str | None], dict[str, Any]] = defaultdict(dict)
    for row in rows:
        peers[row.scope, row.to_version, row.note][f"{row.database_id}/{row.schema_name}"] = row
    found = []
    for members in peers.values():
        norm, *others = grouped({name: row.fingerprint_after for name, row in members.items()})
        found += [_facts(members[name], norm, group) for group in others for name in group.members]
    return found


def _facts(row: Any, norm: Group, group: Group) -> dict[str, Any]:
    return {
        "database": row.database_id,
        "schema": row.schema_name,
        "scope": row.scope,
        "version": row.to_version,
        "fingerprint": group.fingerprint,
        "alike": len(group.members),
        "norm": norm.fingerprint,
        "norm_like": norm.members[0],
    }
