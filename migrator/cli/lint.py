"""``migrator lint``: migrations held against rules before they are applied anywhere.

The JSON document::

    {"folders":  [{"path": "migrations/tenant", "scope": "tenant", "files": 21, "ignored": 2}],
     "findings": [{"rule": "escapes-schema", "source": "migrator", "severity": "error",
                   "path": "migrations/tenant/V7__x.sql", "line": 3, "sentence": "...", "advice": "..."}],
     "errors": 1, "warnings": 0,
     "squawk": true,
     "compared": 12,
     "unreached": [{"target": "eu-1/tenant_acme", "error": "..."}]}

``source`` is migrator or squawk, ``squawk`` whether its rules were asked, ``compared`` with how many histories the
files were compared, and ``unreached`` which targets could not be looked into.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from migrator.cli.applied import Comparison, compare_with_fleet, compare_with_schema
from migrator.cli.output import json_option, say
from migrator.errors import EXIT_FAILED, FolderMissing
from migrator.folder.lint import Finding, Linted, Severity, lint_folder
from migrator.folder.lint.finding import in_order
from migrator.model.identifier import checked_schema_name
from migrator.model.target import Scope
from migrator.model.version import Version
from migrator.schema.history import DEFAULT_TABLE
from tasks import desk

_STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow"}


@click.command()
@click.argument("folders", nargs=-1, type=click.Path(path_type=Path), metavar="[FOLDER]...")
@click.option("--scope", type=click.Choice([scope.value for scope in Scope]), help="Whose migrations they are.")
@click.option("--after", metavar="VERSION", help="Only what is newer; what is applied cannot be changed any more.")
@click.option("--no-squawk", is_flag=True, help="Our own rules alone.")
@click.option("--url", help="Compare with what is applied to one schema, as a libpq URL; needs --schema.")
@click.option("--schema", help="The schema to compare with; needs --url.")
@click.option("--history-table", default=DEFAULT_TABLE, show_default=True, help="The table inside the schema.")
@click.option("--against-fleet", is_flag=True, help="Compare with what is applied to every registered target.")
@json_option
def lint(folders: tuple[Path, ...], as_json: bool, **chosen: Any) -> None:
    """Hold migrations against rules, our own and squawk's: what would be refused, harm others, or take long.

    Without a folder those of the settings are taken. A folder that is not named after its scope holds a tenant's
    migrations unless --scope says otherwise. Ends with 1 when there are errors; warnings alone are 0.

    Example: migrator lint migrations/tenant --after 20
    """
    wish = _Wish(**chosen)
    linted = [_lint(folder, wish) for folder in _folders(folders, wish.scope)]
    compared = [_compare(each, wish) for each in linted]
    report = _Report(linted, compared, not wish.no_squawk)
    say(as_json, report.document(), report.show)
    if report.errors or report.unreached:
        sys.exit(EXIT_FAILED)


@dataclass(frozen=True, slots=True)
class _Wish:
    """The options as they were given."""

    scope: str | None
    after: str | None
    no_squawk: bool
    url: str | None
    schema: str | None
    history_table: str
    against_fleet: bool

    def __post_init__(self) -> None:
        if bool(self.url) != bool(self.schema):
            raise click.UsageError("--url and --schema need each other")
        if self.schema:
            checked_schema_name(self.schema)


@dataclass(frozen=True, slots=True)
class _Report:
    """Everything that was found, for people and for programs."""

    linted: Sequence[Linted]
    compared: Sequence[Comparison]
    with_squawk: bool

    @property
    def findings(self) -> list[Finding]:
        found = [finding for each in self.linted for finding in each.findings]
        return in_order(found + [finding for each in self.compared for finding in each.findings])

    @property
    def errors(self) -> int:
        return sum(finding.is_error for finding in self.findings)

    @property
    def unreached(self) -> list[dict[str, str]]:
        return [{"target": target, "error": said} for each in self.compared for target, said in each.unreached]

    def document(self) -> dict[str, Any]:
        return {
            "folders": [_about(each) for each in self.linted],
            "findings": [asdict(finding) | {"path": str(finding.path)} for finding in self.findings],
            "errors": self.errors,
            "warnings": len(self.findings) - self.errors,
            "squawk": self.with_squawk,
            "compared": sum(each.histories for each in self.compared),
            "unreached": self.unreached,
        }

    def show(self, console: Console) -> None:
        for path, found in groupby(self.findings, lambda finding: finding.path):
            console.print(str(path), markup=False, style="bold", soft_wrap=True)
            for finding in found:
                _show(console, finding)
        for each in self.unreached:
            console.print(f"not compared with {each['target']}: {each['error']}", markup=False, style="red")
        console.print(self._summary(), markup=False)

    def _summary(self) -> str:
        files, ignored = (sum(getattr(each, name) for each in self.linted) for name in ("files", "ignored"))
        warnings = len(self.findings) - self.errors
        said = f"{files} migrations: {_counted(self.errors, 'error')}, {_counted(warnings, 'warning')}"
        return f"{said}, {ignored} ignored" if ignored else said


def _folders(given: Sequence[Path], scope: str | None) -> Iterator[Path]:
    if given:
        yield from given
        return
    parent = desk.settings().migrations
    found = [parent / name for name in ([scope] if scope else Scope) if (parent / name).is_dir()]
    if not found:
        raise FolderMissing(path=parent / (scope or Scope.TENANT))
    yield from found


def _lint(folder: Path, wish: _Wish) -> Linted:
    scope = Scope(wish.scope or (folder.absolute().name if folder.absolute().name in list(Scope) else Scope.TENANT))
    after = Version(wish.after) if wish.after else None
    shared = desk.settings().shared_schemas
    return lint_folder(folder, scope, shared=shared, after=after, with_squawk=not wish.no_squawk)


def _compare(linted: Linted, wish: _Wish) -> Comparison:
    if wish.url and wish.schema:
        return compare_with_schema(linted, wish.url, wish.schema, wish.history_table)
    return compare_with_fleet(linted) if wish.against_fleet else Comparison()


def _about(linted: Linted) -> dict[str, Any]:
    return {"path": str(linted.path), "scope": linted.scope, "files": linted.files, "ignored": linted.ignored}


def _show(console: Console, finding: Finding) -> None:
    console.print(f"  {finding.line:>4}  ", end="")
    console.print(f"{finding.severity.value:<8}", style=_STYLES[finding.severity], end="")
    console.print(f"{finding.rule}: {finding.sentence}", markup=False, soft_wrap=True)
    console.print(f"        {finding.advice}", markup=False, style="dim", soft_wrap=True)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
