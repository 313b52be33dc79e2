"""Files that were edited after they had been applied, in one schema or anywhere in the fleet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from migrator.cli.targets import Wanted, each_target
from migrator.errors import FolderError
from migrator.folder import read_folder
from migrator.folder.lint import Finding, Linted
from migrator.folder.lint.rules import CHANGED_AFTER_APPLIED
from migrator.model.folder import Folder
from migrator.model.history import History
from migrator.schema import history
from migrator.schema.history import HistoryTable
from migrator.schema.session import open_url
from migrator.schema.validation import FindingKind, findings
from tasks import desk

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of holding a folder against histories."""

    histories: int = 0
    findings: tuple[Finding, ...] = ()
    unreached: tuple[tuple[str, str], ...] = ()
    """Targets that could not be looked into, each with the reason."""


def compare_with_schema(linted: Linted, url: str, schema: str, table: str) -> Comparison:
    """With the history of one schema, reached by a URL."""
    read = _readable(linted)
    if read is None:
        return Comparison()
    session = open_url(url)
    try:
        found = history.read(session, HistoryTable(schema, table))
    finally:
        session.close()
    return Comparison(1, tuple(changed(read, [(schema, found)])))


def compare_with_fleet(linted: Linted) -> Comparison:
    """With the histories of all registered targets of the folder's scope."""
    read = _readable(linted)
    if read is None:
        return Comparison()
    table = desk.settings().history_table
    scope = linted.scope.value if linted.scope else "all"
    looks = each_target(
        Wanted(scope), "lint", lambda session, _, target: history.read(session, HistoryTable(target.schema_name, table))
    )
    reached = [(str(look.target), look.found) for look in looks if look.found is not None]
    unreached = tuple((str(look.target), look.error) for look in looks if look.error)
    return Comparison(len(reached), tuple(changed(read, reached)), unreached)


def changed(folder: Folder, histories: Iterable[tuple[str, History]]) -> list[Finding]:
    """One finding for each file that differs from what some targets have applied."""
    where: dict[str, list[str]] = {}
    for target, past in histories:
        for finding in findings(folder, past):
            if finding.kind is FindingKind.CHANGED and finding.script:
                where.setdefault(finding.script, []).append(target)
    paths = {migration.script: migration.path for migration in folder.migrations}
    return [_finding(paths[script], targets) for script, targets in where.items()]


def _finding(path: Path, targets: Sequence[str]) -> Finding:
    shown = ", ".join(targets[:_SHOWN])
    more = f" and {len(targets) - _SHOWN} more" if len(targets) > _SHOWN else ""
    return CHANGED_AFTER_APPLIED.finding(path, 1, f"it was applied with another text to {shown}{more}")


def _readable(linted: Linted) -> Folder | None:
    """The folder as migrations are read; None where that refuses it, which is among the findings already."""
    try:
        return read_folder(linted.path, scope=linted.scope, shared=desk.settings().shared_schemas)
    except FolderError:
        return None
