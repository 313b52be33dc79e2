"""Squawk, a linter for PostgreSQL migrations (extra ``lint``), and which of its rules we listen to.

Squawk thinks of one large database that serves one application. A migration of ours runs in thousands of schemas,
inside one transaction with its history, under lock and statement timeouts that the engine sets, and never twice. So:

- **Errors** are rules about statements that fail wherever the table has rows, or that no migration may contain.
- **Warnings** are rules about what breaks the application that is still running: in a fleet the old release meets
  migrated schemas, and the new one schemas that are not, for as long as the rollout takes.
- **Warnings outside of tenants' schemas** are rules that ask for CONCURRENTLY or NOT VALID. Admin and regional tables
  are few and large, there the advice is right. A tenant's are many and small: the lock is short, while CONCURRENTLY
  would leave the transaction, which is what keeps a schema from being half migrated, and would wait, once for each
  schema, for every transaction in the database. For tenants our own ``long-statement`` asks how long it may take.
- **Left out** is everything else: timeouts (the engine sets them), IF NOT EXISTS everywhere (history knows what is
  applied, and IF NOT EXISTS hides what is not as it should be), BEGIN and COMMIT (read and checked by the reader),
  names that are too long and CONCURRENTLY inside a transaction (ours say it without squawk), qualified names (a
  tenant's must not be), taste in types (bigint, text, identity), and its opt-in rules.

What squawk cannot parse is left to PostgreSQL's own parser, ours.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from migrator.errors import LintExtraMissing, LintToolFailed
from migrator.folder.lint.finding import Finding, Severity, Source
from migrator.model.migration import Migration
from migrator.model.slot import without_slots
from migrator.model.target import Scope

EVERYWHERE = {
    "adding-required-field": Severity.ERROR,
    "ban-drop-database": Severity.ERROR,
    "ban-duplicate-column-assignments": Severity.ERROR,
    "ban-alter-domain-with-add-constraint": Severity.WARNING,
    "ban-drop-column": Severity.WARNING,
    "ban-drop-table": Severity.WARNING,
    "ban-truncate-cascade": Severity.WARNING,
    "changing-column-type": Severity.WARNING,
    "renaming-column": Severity.WARNING,
    "renaming-table": Severity.WARNING,
}
OUTSIDE_OF_TENANTS = {
    name: Severity.WARNING
    for name in (
        *("adding-field-with-default", "adding-not-nullable-field", "adding-serial-primary-key-field"),
        *("constraint-missing-not-valid", "disallowed-unique-constraint"),
        *("require-concurrent-index-creation", "require-concurrent-index-deletion"),
        *("require-concurrent-partition-detach", "require-concurrent-reindex"),
    )
}
RULES = EVERYWHERE | OUTSIDE_OF_TENANTS
_ADVICE = "see https://squawkhq.com/docs/{rule}"
_FOUND_SOMETHING = 1


def listened_to(scope: Scope | None) -> Mapping[str, Severity]:
    """The rules of squawk that count for the migrations of a scope."""
    return EVERYWHERE if scope is Scope.TENANT else RULES


def squawk(migrations: Sequence[Migration], scope: Scope | None) -> list[Finding]:
    """What squawk says of these migrations.

    Raises LintExtraMissing where it is not installed and LintToolFailed where it does not answer.
    """
    program = _program()
    sql = [migration for migration in migrations if migration.statements]
    if not sql:
        return []
    return [*_run(program, sql, scope, inside=True), *_run(program, sql, scope, inside=False)]


def _program() -> str:
    """Beside our own Python first: that is where the extra puts it, whether or not the environment is on PATH."""
    found = shutil.which("squawk", path=str(Path(sys.executable).parent)) or shutil.which("squawk")
    if found is None:
        raise LintExtraMissing(package="squawk-cli")
    return found


def _run(program: str, migrations: Sequence[Migration], scope: Scope | None, *, inside: bool) -> Iterator[Finding]:
    """All files at once and in order, because squawk remembers what earlier ones made; kept is what fits ``inside``."""
    with tempfile.TemporaryDirectory(prefix="migrator-lint-") as folder:
        files = {Path(folder) / f"{number:06}.sql": each for number, each in enumerate(migrations)}
        for file, migration in files.items():
            file.write_text(without_slots(migration.sql), encoding="utf-8", newline="")
        option = "--assume-in-transaction" if inside else "--no-assume-in-transaction"
        for said in _answers([program, "--reporter=json", option, *map(str, files)]):
            migration = files[Path(said["file"])]
            severity = listened_to(scope).get(said["rule_name"])
            if severity and migration.transactional is inside:
                yield _finding(said, severity, migration)


def _answers(command: list[str]) -> list[dict[str, Any]]:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        if done.returncode > _FOUND_SOMETHING:
            raise ValueError(done.returncode)
        answers: list[dict[str, Any]] = json.loads(done.stdout)
    except ValueError:
        raise LintToolFailed(tool="squawk", said=done.stderr.strip() or f"exit code {done.returncode}") from None
    return answers


def _finding(said: Mapping[str, Any], severity: Severity, migration: Migration) -> Finding:
    rule, advice = said["rule_name"], said["help"] or _ADVICE.format(rule=said["rule_name"])
    return Finding(rule, severity, migration.path, said["line"] + 1, said["message"], advice, Source.SQUAWK)
