"""What env.py would have told Alembic and folder.toml has to say, because env.py is not run."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

VERSION_TABLE = "alembic_version"


class AlembicOptions(BaseModel):
    """The table ``[alembic]`` of a folder.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    script_location: Path | None = None
    """The script directory, relative to the folder; taken instead of what alembic.ini says."""
    version_locations: tuple[Path, ...] = ()
    """Where the revisions are, relative to the folder; ``versions`` in the script directory if not given."""
    version_table: str = VERSION_TABLE
    """The table, inside each schema, in which Alembic keeps what is applied."""
    naming_convention: dict[str, str] = {}
    """That of the application's MetaData, from which constraints without a name get theirs."""
