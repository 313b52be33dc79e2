"""What a command says: a table or sentence for people, one JSON document for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

PIPE_WIDTH = 200
"""Columns where there is no terminal to fit."""
MOST_NAMED = 10

json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout, nothing else there.")


def say(as_json: bool, document: Any, show: Callable[[Console], None]) -> None:
    """Print the document for a program, or let ``show`` print it for a person."""
    if as_json:
        click.echo(json.dumps(document, indent=2, default=_plain))
    else:
        show(person_console())


def person_console() -> Console:
    """Stdout for people: as wide as the terminal, and wide where there is none, so that nothing is cut for grep."""
    return Console(highlight=False, emoji=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)


def say_table(as_json: bool, headings: Sequence[str], rows: Iterable[Sequence[Any]], empty: str) -> None:
    """Rows under headings; as JSON a list of objects with the headings as keys."""
    found = [list(row) for row in rows]
    document = [dict(zip(headings, row, strict=True)) for row in found]

    def show(console: Console) -> None:
        if not found:
            console.print(empty)
            return
        console.print(table_of(headings, found))

    say(as_json, document, show)


def table_of(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> Table:
    """Rows under headings; a long cell is folded, nothing is cut."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold", no_wrap=heading == "id")
    for row in rows:
        table.add_row(*("" if cell is None else escape(_spoken(cell)) for cell in row))
    return table


def show_record(console: Console, record: Mapping[str, Any]) -> None:
    """One thing with its facts, a line each; what is not set is left out."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    for name, value in record.items():
        if value not in (None, {}, [], ""):
            table.add_row(name.replace("_", " "), escape(_told(value)))
    console.print(table)


def _told(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_told(part)}" for name, part in value.items() if part is not None)
    if isinstance(value, (list, tuple)):
        return "\n".join(map(_told, value))
    return _spoken(value)


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """``1 target``, ``2 targets``."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def named(names: Sequence[str]) -> str:
    """The first of many names."""
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


def note(sentence: str) -> None:
    """A remark on the way, on stderr."""
    click.echo(sentence, err=True)


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _spoken(value: Any) -> str:
    return f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else str(value)
