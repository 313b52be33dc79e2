"""How the engine behaves towards a server that has other work to do."""

from __future__ import annotations

from dataclasses import dataclass

from migrator.schema.history import DEFAULT_TABLE


@dataclass(frozen=True, slots=True)
class Rules:
    """How patient the engine is, in seconds, and where it works."""

    history_table: str = DEFAULT_TABLE
    shared_schemas: tuple[str, ...] = ("public",)
    """Behind the target's own schema in search_path."""
    lock_timeout: float = 1.0
    """Longest wait for a lock of the server's; a waiting ALTER TABLE stops everybody who comes behind it."""
    statement_timeout: float = 300.0
    schema_lock_wait: float = 10.0
    """Longest wait for our own lock on the schema."""
    tries: int = 4
    """How often a statement that was refused for now is tried."""
    measures: bool = True
    """Whether it is asked what each migration took and wrote; that travels with what is asked anyway."""
