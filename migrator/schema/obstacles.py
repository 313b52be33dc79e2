"""What stands in the way of giving a schema's name to another one."""

from __future__ import annotations

from migrator.schema import moment
from migrator.schema.history import HistoryTable
from migrator.schema.session import Session

MOST_NAMED = 10


def obstacles(session: Session, table: HistoryTable) -> tuple[str, ...]:
    """One sentence for each thing that would go on pointing at the old schema under its new name."""
    extensions = session.ask(moment.text(session, table, "extensions"))
    dependents = session.ask(moment.text(session, table, "dependents"))
    return (
        *(f"extension {name} is installed in it" for (name,) in extensions),
        *(f"{dependent} depends on its {inner}" for dependent, inner in dependents[:MOST_NAMED]),
        *([f"and {len(dependents) - MOST_NAMED} more"] if len(dependents) > MOST_NAMED else []),
    )
