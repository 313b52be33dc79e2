"""Migrations held against rules: our own, and those of squawk that fit a fleet of schemas.

``lint_folder`` is the door. It reads also what ``read_folder`` refuses, and finds everything at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from migrator.folder.lint import rules, statements, whole_files
from migrator.folder.lint import squawk as squawking
from migrator.folder.lint.derived import DerivedWaysBack
from migrator.folder.lint.finding import Finding, Severity, Source, in_order
from migrator.folder.lint.lookups import lookups
from migrator.folder.lint.silence import heard, silences, unknown
from migrator.folder.lint.tolerant import Subject, read_all
from migrator.model.migration import Migration, MigrationKind
from migrator.model.target import Scope
from migrator.model.version import Version

__all__ = ["IGNORABLE", "Finding", "Linted", "Severity", "Source", "lint_folder"]

IGNORABLE = frozenset(rule.name for rule in rules.RULES.values() if rule.can_be_ignored) | squawking.RULES.keys()
"""What ``-- migrator: ignore=`` may name."""


@dataclass(frozen=True, slots=True)
class Linted:
    """A folder that was looked at."""

    path: Path
    scope: Scope | None
    files: int
    """How many migrations were held against the rules."""
    findings: tuple[Finding, ...]
    ignored: int
    """How many findings nobody wanted to hear of."""


def lint_folder(
    path: Path,
    scope: Scope | None = None,
    *,
    shared: tuple[str, ...] = ("public",),
    after: Version | None = None,
    with_squawk: bool = True,
) -> Linted:
    """Everything that is wrong or risky in a folder, and how many findings were ignored.

    ``after`` leaves older versions out, more than folder.toml does. Raises FolderMissing, LintExtraMissing.
    """
    reading = read_all(path, scope, shared)
    subjects = [subject for subject in reading.subjects if _is_newer(subject, after)]
    said = squawking.squawk([subject.migration for subject in subjects], scope) if with_squawk else []
    findings = list(reading.findings)
    ignored, derived = 0, DerivedWaysBack(reading.subjects)
    for subject in subjects:
        about = [*_findings(subject, scope, derived), *(each for each in said if each.path == subject.migration.path)]
        kept = list(_heard(subject, about))
        ignored += len(about) - len(kept)
        findings += kept
    return Linted(path, scope, len(subjects), tuple(in_order(findings)), ignored)


def _is_newer(subject: Subject, after: Version | None) -> bool:
    """Repeatable migrations are applied again when they change, so they can always be changed."""
    version = subject.migration.version
    bounds = [bound for bound in (after, subject.options.after and Version(subject.options.after)) if bound]
    return version is None or all(version > bound for bound in bounds)


def _heard(subject: Subject, found: list[Finding]) -> Iterator[Finding]:
    migration, back = subject.migration, subject.migration.written_undo
    silent = silences(migration)
    mistakes = list(unknown(migration, silent, IGNORABLE))
    if back is not None and not back.code:
        silent += silences(back)
        mistakes += unknown(back, silences(back), IGNORABLE)
    kept = heard(found, silent)
    yield from (each for each in kept if each.rule not in subject.options.ignore or each.is_error)
    yield from mistakes


def _findings(subject: Subject, scope: Scope | None, derived: DerivedWaysBack) -> Iterator[Finding]:
    migration, back = subject.migration, subject.migration.written_undo
    yield from whole_files.without_way_back(migration, derived)
    yield from whole_files.mixed(migration)
    yield from whole_files.long_ones(migration)
    yield from whole_files.held_locks(migration)
    for way in (migration, back) if back else (migration,):
        yield from _about_text(way, subject, scope)


def _about_text(way: Migration, subject: Subject, scope: Scope | None) -> Iterator[Finding]:
    """What holds for both ways."""
    yield from statements.escapes(way, subject.bounds)
    yield from statements.unparsed(way)
    yield from statements.long_names(way)
    if scope is Scope.TENANT:
        yield from lookups(way)
        yield from statements.extensions(way)
        if way.kind is not MigrationKind.UNDO:
            yield from statements.frozen_values(way)
