"""The migration folders: whether they can be read, and what lint says of them."""

from __future__ import annotations

from collections.abc import Iterator

from config.settings import Settings
from migrator.errors import FolderError, LintExtraMissing, MigratorError
from migrator.folder.lint import Linted, lint_folder
from migrator.model.check import Check, Verdict
from migrator.model.target import Scope
from tasks import desk


def folders(chosen: Settings) -> Iterator[Check]:
    """Each scope that has a folder; one without any has nothing to do."""
    present = [scope for scope in Scope if (chosen.migrations / scope.value).is_dir()]
    if not present:
        said = f"there is no migration folder in {chosen.migrations.absolute()}: no {', '.join(Scope)}"
        yield Check("folders", Verdict.STOP, "", said, "'migrator init' makes one; MIGRATOR_MIGRATIONS names another")
    for scope in present:
        yield from _folder(scope, chosen)


def _folder(scope: Scope, chosen: Settings) -> Iterator[Check]:
    try:
        read = desk.folder(scope)
    except FolderError as error:
        yield Check(scope.value, Verdict.STOP, "", str(error), "nothing can be migrated before it is mended")
        return
    said = f"{len(read.migrations)} migrations in {read.path}, newest {read.latest or 'none'}"
    yield Check(scope.value, Verdict.OK, str(len(read.migrations)), said)
    try:
        yield linted(scope, lint_folder(read.path, scope, shared=chosen.shared_schemas))
    except LintExtraMissing:
        yield linted(scope, lint_folder(read.path, scope, shared=chosen.shared_schemas, with_squawk=False))
    except MigratorError as error:
        yield Check(f"{scope} lint", Verdict.WARN, "", str(error))


def linted(scope: Scope, found: Linted) -> Check:
    """What lint says in one line."""
    errors = sum(finding.is_error for finding in found.findings)
    warnings = len(found.findings) - errors
    if not found.findings:
        return Check(f"{scope} lint", Verdict.OK, "0", "lint finds nothing")
    said = f"lint finds {errors} errors and {warnings} warnings"
    return Check(f"{scope} lint", Verdict.WARN, str(len(found.findings)), said, f"migrator lint --scope {scope}")
