"""What a folder says about itself, in a ``folder.toml`` beside its migrations."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from migrator.errors import BadFolderOptions
from migrator.folder.alembic.settings import AlembicOptions
from migrator.folder.bounds import Bounds
from migrator.folder.source import read_text
from migrator.model.target import Scope

FILE = "folder.toml"


class LintOptions(BaseModel):
    """What ``migrator lint`` is told for a folder as a whole."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    after: str | None = None
    """Only what is newer than this version is held against the rules: what is applied cannot be changed any more."""
    ignore: tuple[str, ...] = ()
    """Rules that are not to be heard of."""


class Options(BaseModel):
    """Every option with its default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    convention: str | None = None
    """How the files are named; seen from the files when not given."""
    also: tuple[Path, ...] = ()
    """More folders whose migrations belong to the same targets, relative to this one."""
    order: tuple[str, ...] = ()
    """The files in the order in which they are applied, for names that do not say it."""
    out_of_order: bool = False
    """Whether a migration below the newest applied one is applied late instead of refused."""
    placeholders: bool | dict[str, str] = False
    """Whether ${schema}, ${tenant_id} and ${database} are filled in; a table adds the folder's own."""
    allow_schemas: bool | tuple[str, ...] = ()
    """Schemas beside its own that a tenant's migration may change; true for any."""
    rewrite_schemas: tuple[str, ...] = ()
    """Schemas whose name, in a tenant's migration, means the tenant's own."""
    alembic: AlembicOptions = AlembicOptions()
    """What an Alembic script directory does not say in its files."""

    lint: LintOptions = LintOptions()

    @property
    def words(self) -> dict[str, str] | None:
        """The folder's own placeholders; None where there are none at all."""
        if isinstance(self.placeholders, dict):
            return self.placeholders
        return {} if self.placeholders else None

    def bounds(self, scope: Scope | None, shared: tuple[str, ...]) -> Bounds | None:
        """Where scripts of this folder may reach; only those of tenants have bounds."""
        if scope is not Scope.TENANT:
            return None
        allowed = None if self.allow_schemas is True else frozenset(self.allow_schemas or ())
        return Bounds(allowed, frozenset(self.rewrite_schemas), shared)


def read_options(path: Path) -> Options:
    """The options of a folder. Raises BadFolderOptions with every mistake in it."""
    file = path / FILE
    if not file.exists():
        return Options()
    try:
        return Options(**tomllib.loads(read_text(file)))
    except tomllib.TOMLDecodeError as error:
        raise BadFolderOptions(path=file, mistakes=f"  {error}") from None
    except ValidationError as error:
        found = (f"  {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False))
        raise BadFolderOptions(path=file, mistakes="\n".join(found)) from None
