"""Reads a folder of migrations, whatever the convention of its names."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from migrator.errors import DuplicateRepeatable, DuplicateVersion, FolderMissing
from migrator.folder.code import is_step, named_as_steps, read_step
from migrator.folder.convention import convention_named, convention_of_whole, recognise
from migrator.folder.draft import Draft, Terms, finish
from migrator.folder.manifest import PLAN, ordered_drafts, sqitch_drafts
from migrator.folder.options import Options, read_options
from migrator.model.folder import Folder
from migrator.model.migration import Migration, MigrationKind
from migrator.model.target import Scope
from migrator.model.version import Version

_NO_MIGRATIONS = ("*.md", "*.rst", "*.txt", "*.pyc", "*.toml", "__init__.py", "LICENSE")


def read_folder(
    path: Path,
    convention: str | None = None,
    *,
    options: Options | None = None,
    scope: Scope | None = None,
    shared: tuple[str, ...] = ("public",),
) -> Folder:
    """All migrations below a folder, in the order in which they are applied.

    The convention is seen from the files, unless one of CONVENTIONS is named; ``options`` are taken instead of
    those in the folder's folder.toml. In the scope of tenants scripts have bounds: they may refer to the
    ``shared`` schemas but change nothing there. Raises a FolderError that names the files when one is
    unreadable, misnamed, claims the place of another or says what it may not.
    """
    if not path.is_dir():
        raise FolderMissing(path=path)
    options = options or read_options(path)
    convention = convention or options.convention
    whole = convention_of_whole(path, convention)
    found = whole.reads(path, options) if whole and whole.reads else _read(path, convention, options, scope, shared)
    others = [read_folder(path / other, scope=scope, shared=shared) for other in options.also]
    found += [m for other in others for m in (*other.migrations, *other.baselines)]
    tables = [options.alembic.version_table] if whole else [o.version_table for o in others if o.version_table]
    return Folder(
        path,
        tuple(one_each(m for m in found if m.kind is MigrationKind.VERSIONED)),
        tuple(_repeatable(found)),
        tuple(one_each(m for m in found if m.kind is MigrationKind.BASELINE)),
        options.out_of_order or bool(tables),  # a graph has no order that a branch could come too late for
        tuple(root for other in others for root in other.roots),
        next(iter(tables), None),
    )


def _read(
    path: Path, convention: str | None, options: Options, scope: Scope | None, shared: tuple[str, ...]
) -> list[Migration]:
    terms = Terms(options.words, options.bounds(scope, shared))
    files = visible_files(path, "*.sql")
    named = named_as_steps(visible_files(path, "*.py"))
    steps = [read_step(file) for file in named] if files or any(map(is_step, named)) else []
    return [*(finish(draft, terms) for draft in drafts_of(path, files, convention, options, bool(steps))), *steps]


def drafts_of(path: Path, files: list[Path], convention: str | None, options: Options, has_steps: bool) -> list[Draft]:
    """The migrations that these files are, in SQL, by the folder's convention; not yet analysed."""
    if options.order:
        return ordered_drafts(path, options.order, files)
    if (path / PLAN).is_file() and not convention:
        return sqitch_drafts(path)
    chosen = convention_named(convention) if convention else None
    if not files and (chosen or has_steps or not (files := _others(path))):
        return []
    return (chosen or recognise(path, files)).drafts(files)


def visible_files(path: Path, pattern: str) -> list[Path]:
    """The files of a name below a folder; what is hidden, or in a hidden folder, is nobody's migration."""
    return sorted(file for file in path.rglob(pattern) if not _is_hidden(file.relative_to(path)))


def _others(path: Path) -> list[Path]:
    """What a folder without a .sql file has that may be migrations of a kind we cannot read."""
    files = (file for file in visible_files(path, "*") if file.is_file())
    return [file for file in files if not any(map(file.match, _NO_MIGRATIONS))]


def _is_hidden(file: Path) -> bool:
    return any(part.startswith(".") for part in file.parts)


def one_each(found: Iterable[Migration]) -> list[Migration]:
    """The versioned ones in the order of their versions, each of which only one may have."""
    by_version: dict[Version, Migration] = {}
    for migration in found:
        if migration.version is None:
            continue
        if (first := by_version.setdefault(migration.version, migration)) is not migration:
            raise DuplicateVersion(version=migration.version, first=first.path, second=migration.path)
    return [by_version[version] for version in sorted(by_version)]


def _repeatable(found: Iterable[Migration]) -> list[Migration]:
    by_description: dict[str, Migration] = {}
    for migration in found:
        if migration.kind is not MigrationKind.REPEATABLE:
            continue
        if (first := by_description.setdefault(migration.description, migration)) is not migration:
            raise DuplicateRepeatable(description=migration.description, first=first.path, second=migration.path)
    return [by_description[description] for description in sorted(by_description)]
