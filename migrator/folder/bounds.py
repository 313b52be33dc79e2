"""What a script may name beside the schema that it is applied to."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path

from migrator.errors import RefusedStatement
from migrator.folder.source import line_at
from migrator.model.effects import Effects
from migrator.model.slot import stand_in

OWN = stand_in("schema")
_WAYS = "leave the schema out of the name, or let the folder allow or rewrite it in folder.toml"


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where a tenant's script may reach."""

    allowed: frozenset[str] | None = frozenset()
    """Schemas that it may change; None for any."""
    rewritten: frozenset[str] = frozenset()
    """Schemas whose name means the target's own."""
    shared: tuple[str, ...] = ("public",)
    """Schemas that it may refer to; extensions are made in the first."""

    def check(self, effects: Effects, path: Path, sql: str, start: int, text: str) -> None:
        """Raise RefusedStatement for a statement that reaches further."""
        if reason := self.broken_by(effects):
            raise RefusedStatement(
                path=path, line=line_at(sql, start), statement=text.strip(), reason=f"{reason}; {_WAYS}"
            )

    def broken_by(self, effects: Effects) -> str | None:
        """In which way a statement reaches further; None when it does not."""
        if self.allowed is None:
            return None
        if effects.sets_path and not self.rewritten:
            return "it changes search_path, and what follows would leave the tenant's schema"
        if beyond := self._beyond(effects.changes, self.allowed):
            return f"it changes something in schema {beyond}, which is not the tenant's"
        if beyond := self._beyond(effects.reads, self.allowed | set(self.shared)):
            return f"it refers to schema {beyond}, which is neither the tenant's nor shared"
        return None

    def _beyond(self, named: Set[str], fine: Set[str]) -> str | None:
        return min(named - fine - self.rewritten - {OWN}, default=None)
