"""Who looks on while a clone is migrated: what each migration locks and writes anew, and that it stays in the clone."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from psycopg2 import sql

from migrator.errors import ReachesOutside
from migrator.model.lock import Lock, LockMode
from migrator.model.migration import Migration
from migrator.schema.clone import query
from migrator.schema.fingerprint import Catalog, describe
from migrator.schema.session import Session

_WORD = re.compile(r"(?<!^)(?=[A-Z])")
_KEY_MADE = (LockMode.ROW_SHARE, LockMode.SHARE_ROW_EXCLUSIVE)
"""Which a foreign key to a shared table takes there; the key is gone with the clone."""


@dataclass(frozen=True, slots=True)
class Held:
    """A lock of the open transaction; a relation that the transaction dropped is known by what it was before."""

    oid: int
    schema: str | None
    relation: str
    mode: LockMode


@dataclass
class Guard:
    """Ends what locks something outside of the clone in a way that only a change there needs."""

    clone: str
    shared: tuple[str, ...]
    may_drop_keys: bool = False
    """Dropping a foreign key locks the table that it leads to as strongly as there is."""
    known: dict[int, tuple[str, str]] = field(default_factory=dict)
    """Schema and name of what was there before, in the clone and where names without a schema lead besides."""

    def begin(self, session: Session, migration: Migration) -> None:
        """Learn once what there is."""
        if not self.known:
            schemas = sql.Literal([self.clone, *self.shared])
            found = session.ask(query(session, "relations", "", schemas=schemas))
            self.known = {oid: (schema, name) for oid, schema, name in found}

    def end(self, session: Session, migration: Migration) -> None:
        """Raise ReachesOutside, which takes the transaction back."""
        self.check(migration, held(session, self.known))

    def check(self, migration: Migration, found: Sequence[Held]) -> None:
        """The same for locks that were read already."""
        for lock in found:
            if lock.schema not in (self.clone, None) and not self._is_harmless(lock):
                what = f"it takes {lock.mode} on {lock.schema}.{lock.relation}"
                raise ReachesOutside(script=migration.script, what=what)

    def _is_harmless(self, lock: Held) -> bool:
        return lock.mode in _KEY_MADE or (self.may_drop_keys and lock.mode is LockMode.ACCESS_EXCLUSIVE)


@dataclass(frozen=True, slots=True)
class Noted:
    """What was seen of one migration."""

    migration: Migration
    seconds: float
    locks: tuple[Lock, ...]
    rewrites: tuple[str, ...]
    after: Catalog


@dataclass
class Observer:
    """Notes what each migration does; begun anew, a migration and those behind it are noted anew."""

    guard: Guard
    history_table: str
    noted: list[Noted] = field(default_factory=list)
    _before: dict[str, LockMode] = field(default_factory=dict)
    _files: dict[int, int] = field(default_factory=dict)
    _begun: float = 0.0

    def begin(self, session: Session, migration: Migration) -> None:
        """Look at what there is before it."""
        scripts = [each.migration.script for each in self.noted]
        if migration.script in scripts:
            del self.noted[scripts.index(migration.script) :]
        self.guard.begin(session, migration)
        self._before = self._strongest(held(session, self.guard.known))
        self._files = {oid: file for oid, _, file in self._tables(session)}
        self._begun = time.monotonic()

    def end(self, session: Session, migration: Migration) -> None:
        """Note what became of it. Raises ReachesOutside."""
        seconds = time.monotonic() - self._begun
        found = held(session, self.guard.known)
        self.guard.check(migration, found)
        locks = self._new(found) if migration.transactional else _as_told(migration)
        rewrites = sorted(name for oid, name, file in self._tables(session) if self._files.get(oid, file) != file)
        after = describe(session, self.guard.clone, self.history_table)
        self.noted.append(Noted(migration, seconds, locks, tuple(rewrites), after))

    def _new(self, found: Sequence[Held]) -> tuple[Lock, ...]:
        """Those that the transaction did not hold before, or not as strongly."""
        now = self._strongest(found)
        new = {name: mode for name, mode in now.items() if name not in self._before or mode > self._before[name]}
        return tuple(Lock(name, mode) for name, mode in sorted(new.items()))

    def _strongest(self, found: Sequence[Held]) -> dict[str, LockMode]:
        """On each relation that was there before the first migration, history left out."""
        strongest: dict[str, LockMode] = {}
        for lock in found:
            if lock.schema is None or lock.oid not in self.guard.known or lock.relation.startswith(self.history_table):
                continue
            name = lock.relation if lock.schema == self.guard.clone else f"{lock.schema}.{lock.relation}"
            strongest[name] = max(lock.mode, strongest.get(name, lock.mode))
        return strongest

    def _tables(self, session: Session) -> list[tuple[int, str, int]]:
        """Those that were there before the first migration, with the file that has their rows."""
        found = session.ask(query(session, "files", self.guard.clone))
        return [(oid, name, file) for oid, name, file in found if oid in self.guard.known]


def held(session: Session, known: dict[int, tuple[str, str]]) -> list[Held]:
    """The locks of the open transaction, plain reading left out."""
    found = []
    for schema, oid, relation, mode in session.ask(query(session, "held", "")):
        before, name = known.get(oid, (None, ""))
        found.append(Held(oid, schema or before, relation or name, _mode(mode)))
    return found


def _as_told(migration: Migration) -> tuple[Lock, ...]:
    """The locks that a text tells of, for what commits half way; the strongest on each relation."""
    strongest: dict[str, LockMode] = {}
    for lock in (lock for each in migration.statements for lock in each.effects.locks):
        if not lock.is_new and lock.mode is not LockMode.ACCESS_SHARE:
            strongest[lock.relation] = max(lock.mode, strongest.get(lock.relation, lock.mode))
    return tuple(Lock(relation, mode) for relation, mode in sorted(strongest.items()))


def _mode(text: str) -> LockMode:
    """PostgreSQL's AccessExclusiveLock as the words that LOCK TABLE takes."""
    return LockMode(_WORD.sub(" ", text.removesuffix("Lock")).upper())
