"""Findings that somebody does not want to hear of: ``-- migrator: ignore=rule``.

In a file's header it is meant for the whole file; elsewhere for the statement below it, around it, or before it on
the same line. Squawk's own comments, ``-- squawk-ignore rule``, are heard by squawk itself.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from migrator.folder.header import header_end
from migrator.folder.lint import rules
from migrator.folder.lint.finding import Finding
from migrator.folder.source import line_at
from migrator.model.migration import Migration, Statement

_COMMENT = re.compile(r"--[ \t]*migrator[ \t]*:[ \t]*(?P<words>[^\r\n]*)", re.IGNORECASE)
_WORD = re.compile(r"ignore\s*=\s*(?P<rule>[\w-]+)")


@dataclass(frozen=True, slots=True)
class Silence:
    """A rule that is not to be heard, and on which lines; None for all of them."""

    rule: str
    line: int
    """Where it is said."""
    first: int | None = None
    last: int | None = None

    def covers(self, finding: Finding) -> bool:
        """Whether it is meant for this finding of the same file."""
        if finding.rule != self.rule:
            return False
        return self.first is None or self.last is None or self.first <= finding.line <= self.last


def silences(migration: Migration) -> list[Silence]:
    """What the comments of a file ask for."""
    return [*_in_header(migration), *_beside_statements(migration)]


def heard(found: Iterable[Finding], silent: Collection[Silence]) -> Iterator[Finding]:
    """Without the findings that are covered, unless they are errors that the engine would refuse anyway."""
    for finding in found:
        rule = rules.RULES.get(finding.rule)
        if not (rule is None or rule.can_be_ignored) or not any(each.covers(finding) for each in silent):
            yield finding


def unknown(migration: Migration, silent: Iterable[Silence], known: Collection[str]) -> Iterator[Finding]:
    """Comments that ignore nothing, because no such rule can be ignored."""
    for each in silent:
        if each.rule not in known:
            said = f"there is no rule {each.rule} that could be ignored"
            yield rules.UNKNOWN_RULE.finding(migration.path, each.line, said)


def _in_header(migration: Migration) -> Iterator[Silence]:
    yield from (Silence(rule, 1) for rule in migration.directives.ignore)


def _beside_statements(migration: Migration) -> Iterator[Silence]:
    end = header_end(migration.sql)
    for comment in _COMMENT.finditer(migration.sql, end):
        line = line_at(migration.sql, comment.start())
        if statement := _meant(migration, line):
            last = _last_line(statement)
            for word in _WORD.finditer(comment["words"]):
                yield Silence(word["rule"], line, min(line, statement.line), max(line, last))


def _meant(migration: Migration, line: int) -> Statement | None:
    around = [s for s in migration.statements if s.line <= line <= _last_line(s)]
    below = [s for s in migration.statements if s.line > line]
    return next(iter([*around, *below]), None)


def _last_line(statement: Statement) -> int:
    return statement.line + statement.text.rstrip().count("\n")
