"""``migrator new``: the file of the next migration."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console

from migrator.cli.output import json_option, say
from migrator.folder import CONVENTIONS
from migrator.folder.new import NewFile, next_files, write
from migrator.model.target import Scope


@click.command()
@click.argument("description")
@click.option(
    "--scope",
    type=click.Choice([s.value for s in Scope]),
    default="tenant",
    show_default=True,
    help="Whose migration it is.",
)
@click.option("--folder", type=click.Path(path_type=Path), help="Instead of the folder of the scope in the settings.")
@click.option("--convention", type=click.Choice(list(CONVENTIONS)), help="For a folder without migrations.")
@json_option
def new(description: str, scope: str, folder: Path | None, convention: str | None, as_json: bool) -> None:
    """Make the next migration's file, and that of its undo where the folder has such files; overwrites nothing.

    Name, number and sections are those of the folder's own convention; an empty folder gets Flyway's.

    Example: migrator new "add orders" --scope tenant
    """
    path = folder or _folder_of(scope)
    files = next_files(path, description, datetime.now(UTC), convention)
    write(files)
    say(as_json, {"files": [str(file.path) for file in files]}, lambda console: _show(console, files))


def _folder_of(scope: str) -> Path:
    from tasks import desk  # takes a second, and nothing else here does

    return desk.settings().migrations / scope


def _show(console: Console, files: tuple[NewFile, ...]) -> None:
    for file in files:
        console.print(str(file.path), markup=False, soft_wrap=True)
