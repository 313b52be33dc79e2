"""Rebuilds the indexes of a schema that a concurrent build left invalid, without stopping anybody."""

from __future__ import annotations

from dataclasses import dataclass

from migrator.schema.alone import Alone


@dataclass(frozen=True, slots=True)
class Reindexed:
    """What was done to the invalid indexes of one schema."""

    rebuilt: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    """What a rebuild that was killed had left: the server has the index itself beside it."""

    @property
    def sentence(self) -> str:
        """For a person."""
        if not self.rebuilt and not self.dropped:
            return "there was no invalid index"
        done = [("rebuilt", self.rebuilt), ("dropped as left over", self.dropped)]
        return "; ".join(f"{said}: {', '.join(names)}" for said, names in done if names)


def reindex_invalid(alone: Alone) -> Reindexed:
    """Drop leftovers of earlier rebuilds, then rebuild one invalid index after the other.

    Takes the schema's lock. What a rebuild leaves that the server refuses, say because of duplicates, is dropped too,
    and the index stays as it was. Raises SchemaRefused, SchemaLocked and what else ``Alone`` raises.
    """
    with alone.holding("REINDEX INDEX CONCURRENTLY"):
        dropped = _drop_leftovers(alone)
        broken = [name for name, is_leftover in alone.ask("invalid_indexes") if not is_leftover]
        try:
            for name in broken:
                alone.run("rebuild_index", name, f"rebuilding its index {name}", waits=True)
        finally:
            if not alone.session.is_closed:
                _drop_leftovers(alone)
    return Reindexed(tuple(broken), dropped)


def _drop_leftovers(alone: Alone) -> tuple[str, ...]:
    leftovers = [name for name, is_leftover in alone.ask("invalid_indexes") if is_leftover]
    for name in leftovers:
        alone.run("drop_leftover", name, f"dropping what is left of a rebuild, {name}", waits=True)
    return tuple(leftovers)
