"""Reads a folder past everything that reading would stop at, so that all of it can be told at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from migrator.errors import FolderError, FolderMissing, RefusedStatement
from migrator.folder.bounds import Bounds
from migrator.folder.code import is_step, named_as_steps, read_step
from migrator.folder.draft import Draft, Terms, Way, finish
from migrator.folder.lint import rules
from migrator.folder.lint.finding import Finding
from migrator.folder.options import LintOptions, Options, read_options
from migrator.folder.reader import drafts_of, one_each, visible_files
from migrator.model.migration import Migration, MigrationKind
from migrator.model.target import Scope

T = TypeVar("T")
U = TypeVar("U")

_VISIBLE = re.compile(r"[^\r\n]")


@dataclass(frozen=True, slots=True)
class Subject:
    """A migration to be looked at, and where it may reach."""

    migration: Migration
    bounds: Bounds | None
    options: LintOptions


@dataclass(slots=True)
class Reading:
    """What could be read of a folder and those that belong to it, and what could not."""

    scope: Scope | None
    shared: tuple[str, ...]
    subjects: list[Subject] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def note(self, error: FolderError, path: Path) -> None:
        """Make a finding of what reading would have stopped at."""
        rule = rules.REFUSED_STATEMENT if isinstance(error, RefusedStatement) else rules.UNREADABLE
        self.findings.append(rule.finding(_culprit(error) or path, error.facts.get("line", 1), _sentence(error)))


def read_all(path: Path, scope: Scope | None, shared: tuple[str, ...], convention: str | None = None) -> Reading:
    """Everything below a folder. Raises FolderMissing, which leaves nothing to be looked at."""
    reading = Reading(scope, shared)
    _read(reading, path, convention)
    migrations = [s.migration for s in reading.subjects if s.migration.kind is MigrationKind.VERSIONED]
    _past_errors(reading, path, migrations, one_each, lambda migration: migration.path)
    return reading


def _read(reading: Reading, path: Path, convention: str | None) -> None:
    if not path.is_dir():
        raise FolderMissing(path=path)
    options = _options(reading, path)
    terms = Terms(options.words)
    bounds = options.bounds(reading.scope, reading.shared)
    steps = _steps(reading, path)

    def drafts(files: list[Path]) -> list[Draft]:
        return drafts_of(path, files, convention or options.convention, options, bool(steps))

    files = visible_files(path, "*.sql")
    found = _past_errors(reading, path, files, drafts, lambda file: file) or []
    migrations = [*(_finished(reading, draft, terms) for draft in found), *steps]
    reading.subjects += [Subject(migration, bounds, options.lint) for migration in migrations if migration]
    for other in options.also:
        _read(reading, path / other, None)


def _options(reading: Reading, path: Path) -> Options:
    try:
        return read_options(path)
    except FolderError as error:
        reading.note(error, path)
        return Options()


def _steps(reading: Reading, path: Path) -> list[Migration]:
    named = named_as_steps(visible_files(path, "*.py"))
    found = []
    for file in named if visible_files(path, "*.sql") else list(filter(_may_be_step, named)):
        try:
            found.append(read_step(file))
        except FolderError as error:
            reading.note(error, file)
    return found


def _may_be_step(file: Path) -> bool:
    try:
        return is_step(file)
    except FolderError:
        return True


def _past_errors(
    reading: Reading, path: Path, items: Sequence[T], attempt: Callable[[list[T]], list[U]], place: Callable[[T], Path]
) -> list[U] | None:
    """What comes of the items without those that an error names; None where an error names none of them."""
    left = list(items)
    while True:
        try:
            return attempt(left)
        except FolderError as error:
            reading.note(error, path)
            spared = [item for item in left if place(item) != _culprit(error)]
            if len(spared) == len(left):
                return None
            left = spared


def _finished(reading: Reading, draft: Draft, terms: Terms) -> Migration | None:
    """The migration without what would be refused in it; None when nothing can be told of it."""
    filled = draft
    seen: set[str] = set()
    while True:
        try:
            return finish(filled, terms)
        except FolderError as error:
            reading.note(error, draft.forward.path)
            if str(error) in seen or "line" not in error.facts:
                return None
            seen.add(str(error))
            back = filled.back and _without(filled.back, error)
            filled = replace(filled, forward=_without(filled.forward, error), back=back)


def _without(way: Way, error: FolderError) -> Way:
    """The way with what an error names made blank, on the same lines."""
    if error.facts["path"] != way.path:
        return way
    start = _line_start(way.sql, error.facts["line"])
    said = str(error.facts.get("statement") or error.facts.get("name") or "")
    at = way.sql.find(said, start) if said else -1
    if at < 0:
        at, said = start, way.sql[start:].split("\n", 1)[0]
    blank = _VISIBLE.sub("x" if "name" in error.facts else " ", said)
    return replace(way, sql=way.sql[:at] + blank + way.sql[at + len(said) :])


def _line_start(text: str, line: int) -> int:
    return sum(len(each) + 1 for each in text.split("\n")[: line - 1])


def _culprit(error: FolderError) -> Path | None:
    found = error.facts.get("second") or error.facts.get("path")
    return found if isinstance(found, Path) else None


def _sentence(error: FolderError) -> str:
    """Without file and line, which a finding has by itself."""
    if "line" not in error.facts:
        return str(error)
    return str(error).removeprefix(f"{error.facts['path']}:{error.facts['line']}: ")
