"""A revision's upgrade or downgrade as code that the engine can call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrator.folder.alembic.graph import Graph
from migrator.folder.alembic.revision import Revision
from migrator.folder.alembic.settings import AlembicOptions


@dataclass(frozen=True, eq=False, slots=True)
class Terms:
    """What holds for all revisions of a folder."""

    graph: Graph
    options: AlembicOptions
    own_names: tuple[str, ...] = ()
    """Schemas whose name means the target's own."""
    ini: Path | None = None


@dataclass(frozen=True, eq=False, slots=True)
class RevisionCode:
    """One way of one revision; called with the driver's connection, it runs the revision for the schema in its path."""

    terms: Terms
    revision: Revision
    is_upgrade: bool
    run: Callable[[RevisionCode, Any], None]
    """Carries it out; Alembic is not imported before that."""
    is_bare: bool = False
    """Its directive says that every statement commits by itself."""

    def __call__(self, connection: Any) -> None:
        """Run it as Alembic would; Alembic's table follows. Raises whatever the revision raises."""
        self.run(self, connection)
