"""How the checks of databases are shown: a table for people, a document for programs, an exit code for scripts."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from migrator.cli.output import say
from migrator.errors import EXIT_REFUSED
from migrator.model.check import Check, Verdict, worst

Checks = Mapping[str, tuple[Check, ...]]
"""Database to its checks."""

_STYLES = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.STOP: "bold red"}


def say_checks(as_json: bool, checks: Checks, document: Any) -> None:
    """Show the checks, or the document that they are for programs, and end with 3 when one is a stop."""
    say(as_json, document, lambda console: _show(console, checks))
    if any(worst(found) is Verdict.STOP for found in checks.values()):
        sys.exit(EXIT_REFUSED)


def as_document(database: str, checks: tuple[Check, ...]) -> dict[str, Any]:
    """The checks of one database for a program."""
    return {
        "database": database,
        "verdict": worst(checks).value,
        "checks": [found.as_row() for found in checks],
    }


def _show(console: Console, checks: Checks) -> None:
    if not checks:
        console.print("no database is registered; 'migrator database add' registers one")
        return
    table = Table("database", "check", "verdict", "figure", "what", box=None, pad_edge=False, header_style="bold")
    for database, found in checks.items():
        for check in found:
            verdict = f"[{_STYLES[check.verdict]}]{check.verdict}[/]"
            said = "; ".join(part for part in (check.sentence, check.advice) if part)
            table.add_row(escape(database), check.name, verdict, check.figure, escape(said))
    console.print(table)
