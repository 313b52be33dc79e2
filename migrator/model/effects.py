"""What a statement does to a running database, as far as its text tells."""

from __future__ import annotations

from dataclasses import dataclass


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
