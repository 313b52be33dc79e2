"""What other tools leave in a schema, and which migrations of a folder it says are applied.

Pure, except that sqlx has checksums which are held against the files.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha384
from typing import Any

from migrator.model.folder import Folder
from migrator.model.migration import Migration, scripts

Rows = Sequence[tuple[Any, ...]]
MOST_NAMED = 5

_LEADING_DIGITS = re.compile(r"\d+")


class Disagreement(Exception):
    """Table and folder do not fit each other; ``args[0]`` is the reason, for NotAdopted."""


@dataclass(frozen=True, slots=True)
class Recogniser:
    """How one tool keeps its history."""

    tool: str
    table: str
    columns: tuple[str, ...]
    """What is read, ordered by the first; a table that lacks one of them is another tool's."""
    applied: Callable[[Rows, Folder], list[Migration]]
    """The migrations of the folder that these rows say are applied. Raises Disagreement."""


def golang_migrate(rows: Rows, folder: Folder) -> list[Migration]:
    """One row: the version reached, and whether it failed half way."""
    if not rows:
        return []
    version, dirty = rows[-1]
    if dirty:
        raise Disagreement(
            f"golang-migrate left version {version} dirty, it failed half way. Finish by hand what it began or take "
            f"it back, say so with 'migrate force', and adopt it then"
        )
    _refuse_unknown({version}, {_number(m) for m in folder.versioned}, folder)
    return [m for m in folder.versioned if (_number(m) or 0) <= version]


def dbmate(rows: Rows, folder: Folder) -> list[Migration]:
    """A row for each version applied, the digits of the file's name as text."""
    return _with_keys({version for (version,) in rows}, folder, _digits)


def diesel(rows: Rows, folder: Folder) -> list[Migration]:
    """A row for each version applied: the folder's name up to its underscore, without dashes."""
    return _with_keys({version for (version,) in rows}, folder, lambda m: m.script.split("_")[0].replace("-", ""))


def sqlx(rows: Rows, folder: Folder) -> list[Migration]:
    """A row for each version applied, or begun and not finished, with the SHA-384 of its file."""
    failed = [version for version, success, _ in rows if not success]
    if failed:
        raise Disagreement(
            f"sqlx did not finish {_named(failed)}. Finish by hand what it began or take it back, correct its table, "
            f"and adopt it then"
        )
    found = _with_keys({version for version, _, _ in rows}, folder, _number)
    recorded = {version: bytes(checksum) for version, _, checksum in rows}
    edited = [m for m in found if sha384(m.path.read_bytes()).digest() != recorded[_number(m)]]
    if edited:
        raise Disagreement(f"sqlx has applied {_named(scripts(edited))} with another text. Put the file back")
    return found


def goose(rows: Rows, folder: Folder) -> list[Migration]:
    """A row for each step up or down, of which the last one of a version counts; 0 is the beginning."""
    last = {version: is_applied for _, version, is_applied in rows}
    return _with_keys({version for version, is_applied in last.items() if is_applied and version}, folder, _number)


def sql_migrate(rows: Rows, folder: Folder) -> list[Migration]:
    """A row for each file applied, by its name."""
    return _with_keys({id_ for (id_,) in rows}, folder, lambda m: m.script)


def node_pg_migrate(rows: Rows, folder: Folder) -> list[Migration]:
    """A row for each file applied, by its name without the suffix."""
    return _with_keys({name for (name,) in rows}, folder, lambda m: m.path.stem)


def django(rows: Rows, folder: Folder) -> list[Migration]:
    """A row for each migration applied, by its app and name; those of apps that the folder has nothing of are left out.

    Django writes no SQL files. They are ours, called after app and name: ``0004_shop_0001_initial.up.sql``.
    """
    named = {f"{app}_{name}": app for _, app, name in rows}
    known = tuple(map(_after_number, folder.versioned))
    apps = {app for app in named.values() if any(name.startswith(f"{app}_") for name in known)}
    return _with_keys({name for name, app in named.items() if app in apps}, folder, _after_number)


RECOGNISERS = (
    Recogniser("golang-migrate", "schema_migrations", ("version", "dirty"), golang_migrate),
    Recogniser("dbmate", "schema_migrations", ("version",), dbmate),
    Recogniser("diesel", "__diesel_schema_migrations", ("version",), diesel),
    Recogniser("sqlx", "_sqlx_migrations", ("version", "success", "checksum"), sqlx),
    Recogniser("goose", "goose_db_version", ("id", "version_id", "is_applied"), goose),
    Recogniser("sql-migrate", "gorp_migrations", ("id",), sql_migrate),
    Recogniser("node-pg-migrate", "pgmigrations", ("name",), node_pg_migrate),
    Recogniser("django", "django_migrations", ("id", "app", "name"), django),
)
"""Those that need nothing but rows and file names; adoption can be given more."""


def recognised(
    tables: Iterable[tuple[str, Sequence[str]]], known: Iterable[Recogniser] = RECOGNISERS
) -> list[Recogniser]:
    """The tools that these tables, given with their columns, belong to.

    Of two tools for one table it is the one that asks for more columns.
    """
    found = dict(tables)
    by_table: dict[str, Recogniser] = {}
    for each in sorted(known, key=lambda each: len(each.columns)):
        if set(each.columns) <= set(found.get(each.table, ())):
            by_table[each.table] = each
    return sorted(by_table.values(), key=lambda each: each.tool)


def _with_keys(applied: set[Any], folder: Folder, key: Callable[[Migration], Any]) -> list[Migration]:
    """The folder's migrations by what their tool calls them. Raises Disagreement for unknown ones and for gaps."""
    _refuse_unknown(applied, {key(m) for m in folder.versioned}, folder)
    found = [m for m in folder.versioned if key(m) in applied]
    below = folder.versioned[: folder.versioned.index(found[-1])] if found else ()
    gaps = [m for m in below if key(m) not in applied]
    if gaps and not folder.out_of_order:
        raise Disagreement(
            f"the table lacks {_named(scripts(gaps))} and has {found[-1].script}, which comes later. Apply the rest "
            f"with the other tool first, or set out_of_order = true in folder.toml"
        )
    return found


def _refuse_unknown(applied: set[Any], known: set[Any], folder: Folder) -> None:
    if unknown := applied - known:
        newest = folder.versioned[-1].script if folder.versioned else "nothing"
        raise Disagreement(
            f"the table says that {_named(sorted(unknown))} is applied, {folder.path} does not have it; its newest is "
            f"{newest}. Check that this is the right folder, or put the file back"
        )


def _digits(migration: Migration) -> str | None:
    found = _LEADING_DIGITS.match(migration.script)
    return found[0] if found else None


def _after_number(migration: Migration) -> str:
    return migration.script.partition("_")[2].lstrip("_").partition(".")[0]


def _number(migration: Migration) -> int | None:
    digits = _digits(migration)
    return int(digits) if digits else None


def _named(names: Iterable[Any]) -> str:
    listed = [str(name) for name in names]
    more = f" and {len(listed) - MOST_NAMED} more" if len(listed) > MOST_NAMED else ""
    return ", ".join(listed[:MOST_NAMED]) + more
