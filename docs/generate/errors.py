"""docs/errors.md, from the classes of the errors."""

from __future__ import annotations

import inspect
import re
from types import ModuleType

from docs.generate.source import NOTE
from migrator.errors import MigratorError, TransientError, copy, fleet, folder, history, setup, target

SUBJECTS: tuple[tuple[str, ModuleType], ...] = (
    ("Databases and schemas", target),
    ("History", history),
    ("Migration folders", folder),
    ("Snapshots, templates, spares and clones", copy),
    ("Events, executions, registry and alerts", fleet),
    ("Settings, extras, messages and servers", setup),
)
_FACT = re.compile(r"\{(\w+)(?:!r)?\}")


def errors_page() -> str:
    """All that a person can be told, by subject, for somebody who looks for a sentence."""
    parts = [
        f"# Errors\n\n{NOTE}\n",
        "Each error is one sentence: what happened, to which target, how it is now, and what to do next. What stands "
        "in italics is filled in. Exit codes are those of the command line: 1 failed, 2 bad usage or configuration, "
        "3 refused by a guard. What is tried again is tried by the task itself, as often as the settings say. "
        "An application finds the classes in `migrator.errors`; each has its `facts`.\n",
    ]
    for subject, room in SUBJECTS:
        rows = [_row(error) for error in errors_of(room)]
        head = ["| error | exit | tried again | what it says |", "|---|---|---|---|"]
        parts.append("\n".join([f"## {subject}\n", *head, *rows, ""]))
    return "\n".join(parts)


def errors_of(room: ModuleType) -> list[type[MigratorError]]:
    """The errors of a room by name; those without a sentence of their own are only there to be caught."""
    found = [each for _, each in inspect.getmembers(room, inspect.isclass) if each.__module__ == room.__name__]
    return [each for each in found if each.sentence != MigratorError.sentence]


def _row(error: type[MigratorError]) -> str:
    again = "yes" if issubclass(error, TransientError) else "no"
    return f"| `{error.__name__}` | {error.exit_code} | {again} | {_said(error.sentence)} |"


def _said(sentence: str) -> str:
    """A sentence as Markdown: facts in italics, commands as code."""
    marked = _FACT.sub(r"*\1*", sentence).replace("{{", "{").replace("}}", "}")
    return marked.replace("\n", " ").replace("|", "\\|")
