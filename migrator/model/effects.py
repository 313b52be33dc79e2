"""What a statement does to a running database, as far as its text tells."""

from __future__ import annotations

from dataclasses import dataclass

from migrator.model.lock import Lock, LockMode


@dataclass(frozen=True, slots=True)
class Effects:
    """What a statement does, as far as its text tells; what strings and function bodies hold is not looked into."""

    changes: frozenset[str] = frozenset()
    """Schemas named in the text in which something is made, altered, dropped, written or granted."""
    reads: frozenset[str] = frozenset()
    """Schemas named in the text that are only referred to: FROM, REFERENCES, functions, types."""
    destroys: tuple[str, ...] = ()
    """What cannot be had back without a copy: "drops table orders"."""
    writes_rows: bool = True
    """Whether it may write rows of tables, as far as can be told; what only changes the catalog does not."""
    sets_path: bool = False
    """Whether it changes search_path."""
    locks: tuple[Lock, ...] = ()
    """One for each relation that the text names. What the server locks beside them is not told: partitions,
    a dropped index's table, what CASCADE, triggers, foreign keys of rows and function bodies reach.
    """
    rewrites: tuple[str, ...] = ()
    """Relations that were there before and are certainly written anew, every row and every index."""
    scans: tuple[str, ...] = ()
    """Relations that were there before and whose rows are all read, to check, to index or to change them.

    SET NOT NULL and ATTACH PARTITION are counted; a valid CHECK that proves the same would spare it them.
    """


def strongest(effects: Effects) -> LockMode | None:
    """The strongest lock that somebody else may have to wait for; None when there is none that the text tells."""
    return max((lock.mode for lock in effects.locks if not lock.is_new), default=None)
