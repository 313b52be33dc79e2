"""What a statement that commits by itself has left, when whoever ran it died before that could be noted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from psycopg2 import sql

from migrator.model.migration import Statement
from migrator.schema.session import Session


@dataclass(frozen=True, slots=True)
class Unfinished:
    """Looks at one schema, outside a transaction, with the search path of its migrations."""

    session: Session
    text: Callable[..., str]
    """A query of engine.sql for this schema, with what else it has to say."""
    send: Callable[[str, str], None]
    """Runs what we do ourselves; the second is what for. Raises MigratorError."""
    fill: Callable[[str], str]
    """Puts a target's values in for placeholders."""

    def left_of(self, statement: Statement, *, begun: bool) -> Statement | None:
        """What is still to be run of a statement, once its debris is cleared away; None when it is done.

        ``begun``: an earlier visit has begun it, and may have finished it.
        """
        if statement.builds:
            self._clear_build(self.fill(statement.builds), begun=begun)
        if statement.rebuilds and begun:
            self._clear_rebuild()
        if statement.drops and begun and not self._index(self.fill(statement.drops)):
            return None
        return self._of_detachment(statement, begun=begun) if statement.detaches else statement

    def _clear_build(self, index: str, *, begun: bool) -> None:
        """Drop what a failed build left: an invalid index, or one that we had begun and may not have finished."""
        found = self._index(index)
        if found and (begun or not found[0][0]):
            self.send(self.text("drop_index", index=sql.Identifier(index)), "clearing a failed index away")

    def _index(self, index: str) -> list[tuple[bool]]:
        """Whether it is valid; empty when there is none."""
        return self.session.ask(self.text("index", index_text=sql.Literal(index)))

    def _clear_rebuild(self) -> None:
        """A rebuild that is run again leaves the copies alone that an earlier one had begun."""
        for schema, index in self.session.ask(self.text("rebuild_leftovers")):
            name = sql.Identifier(schema, index)
            self.send(self.text("drop_copy", copy=name), "clearing away what a rebuild left")

    def _of_detachment(self, statement: Statement, *, begun: bool) -> Statement | None:
        """One that stopped between its two transactions is only to be finished: the server refuses to begin it again.

        A partition that is none of that table's any more, and is there, was detached.
        """
        table, partition = map(self.fill, statement.detaches or ("", ""))
        names = {"parent": sql.Literal(table), "partition": sql.Literal(partition)}
        [is_pending] = self.session.ask(self.text("detachment", **names)) or [(False,)]
        if is_pending == (True,):
            return replace(statement, text=f"ALTER TABLE {table} DETACH PARTITION {partition} FINALIZE")
        return None if begun and is_pending == (None,) else statement
