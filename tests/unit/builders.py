"""Folders and histories without a disk or a server."""

from __future__ import annotations

from pathlib import Path

from migrator.folder.checksum import checksum
from migrator.folder.flyway import parse_name
from migrator.folder.statements import split_statements
from migrator.model.folder import Folder
from migrator.model.history import HistoryRow
from migrator.model.migration import Migration, MigrationKind


def migration(script: str, sql: str = "SELECT 1") -> Migration:
    """What the reader makes of a file."""
    path = Path("migrations") / script
    name = parse_name(path)
    assert name is not None
    return Migration(
        name.kind, name.version, name.description, script, path, checksum(sql), sql, split_statements(sql, path)
    )


def folder(*scripts: str, **changed: str) -> Folder:
    """A folder of these files, in this order; ``changed`` has the text of some, by the first part of the name."""
    found = [migration(script, changed.get(script.partition("__")[0], "SELECT 1")) for script in scripts]
    return Folder(
        Path("migrations"),
        tuple(m for m in found if m.kind is MigrationKind.VERSIONED),
        tuple(m for m in found if m.kind is MigrationKind.REPEATABLE),
    )


def history(*scripts: str) -> list[HistoryRow]:
    """The history that a schema has when these files were applied to it as ``folder`` makes them."""
    return [row(rank, script) for rank, script in enumerate(scripts, start=1)]


def row(rank: int, script: str, *, type_: str = "SQL", sql: str = "SELECT 1", success: bool = True) -> HistoryRow:
    """One history row for a file; Flyway leaves the checksum of baselines and undos empty or equal, we do so too."""
    m = migration(script, sql)
    version = str(m.version) if m.version else None
    return HistoryRow(rank, version, m.description, type_, script, m.checksum, success)


def baseline(rank: int, version: str) -> HistoryRow:
    """Flyway's baseline row."""
    text = "<< Flyway Baseline >>"
    return HistoryRow(rank, version, text, "BASELINE", text, None, True)
