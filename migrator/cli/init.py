"""``migrator init``: a project's first files, and the control database, migrated by our own engine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from migrator.cli.output import json_option, note, say
from migrator.cli.starting import CONVENTIONS, Wishes, is_begun, make_project
from migrator.fleet import MIGRATIONS, SCHEMA
from migrator.folder import read_folder
from migrator.schema.engine import Change, Engine
from migrator.schema.rules import Rules
from migrator.schema.session import open_url

DEFAULT = Wishes()


@click.command()
@click.option("--control-url", help="The control database, for migrator.toml; give passwords in MIGRATOR_CONTROL_URL.")
@click.option("--migrations", type=click.Path(path_type=Path), help="The folder for migrations.  [default: migrations]")
@click.option("--convention", type=click.Choice(CONVENTIONS), help="How migrations are named.  [default: flyway]")
@click.option("--files-only", is_flag=True, help="Leave the control database alone.")
@click.option("--yes", "is_sure", is_flag=True, help="Do not ask; what is not given takes its default.")
@json_option
def init(is_sure: bool, files_only: bool, as_json: bool, **given: Any) -> None:
    """Make the first files where there are none, then create the control schema or upgrade it to this release.

    In a directory without migrator.toml and without migrations it asks for the control database, the folder and the
    convention, and writes a migrator.toml with comments and a first migration. Overwrites nothing; doing it twice
    changes nothing. It asks only on a terminal.

    Example: MIGRATOR_CONTROL_URL=postgresql://localhost/migrator migrator init
    """
    from config import settings as configuration
    from tasks import desk

    made: tuple[Path, ...] = ()
    is_wanted = is_sure or files_only or any(given.values()) or _may_ask(as_json)
    if is_wanted and not is_begun(given["migrations"] or DEFAULT.migrations):
        made = make_project(_wishes(is_sure or as_json, given, has_url=desk.settings().control_url is not None))
        configuration.load.cache_clear()  # the file that was just written is among them
        for path in made:
            note(f"made {path}")
    if files_only:
        nothing: dict[str, Any] = {"version": None, "applied": [], "files": list(map(str, made))}
        say(as_json, nothing, lambda console: console.print(f"{len(made)} files made, nothing was overwritten"))
        return
    url = desk.required(desk.settings().control_url, "the control database", "MIGRATOR_CONTROL_URL")
    change = upgrade_control_schema(url)
    document = {"version": change.to_version, "applied": list(change.applied), "files": list(map(str, made))}
    said = f"the control schema is at version {change.to_version}, {len(change.applied)} migrations applied"
    say(as_json, document, lambda console: console.print(said))
    if made:
        note("next: migrator doctor, migrator database add, migrator migrate")


def _may_ask(as_json: bool) -> bool:
    return not as_json and sys.stdin.isatty() and sys.stderr.isatty()


def _wishes(is_sure: bool, given: dict[str, Any], *, has_url: bool) -> Wishes:
    """What was given, and for the rest what a person answers, or the defaults where nobody is to be asked."""
    found = {name: value for name, value in given.items() if value is not None}
    if is_sure or not _may_ask(False):
        return Wishes(**found)
    questions: dict[str, tuple[str, Any]] = {
        "control_url": ("control database, a PostgreSQL URL (empty: set MIGRATOR_CONTROL_URL yourself)", str),
        "migrations": ("folder for migrations", click.Path(path_type=Path)),
        "convention": ("how migrations are named", click.Choice(CONVENTIONS)),
    }
    if has_url:  # by the environment, or by embedded services: the file need not repeat it
        del questions["control_url"]
    for name, (question, type_) in questions.items():
        if name not in found:
            found[name] = click.prompt(question, default=getattr(DEFAULT, name), type=type_, err=True)
    return Wishes(**found)


def upgrade_control_schema(url: str) -> Change:
    """Bring the control database to this release's version; what users do to their schemas we do to ours."""
    session = open_url(url.replace("postgresql+psycopg2://", "postgresql://"), "migrator init")
    try:
        return Engine(read_folder(MIGRATIONS), Rules(shared_schemas=())).migrate(session, SCHEMA)
    finally:
        session.close()
