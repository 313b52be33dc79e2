"""``migrator repair`` and ``migrator baseline``: histories of the fleet are written without running a script."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import click
from rich.console import Console

from migrator.cli.baseline import Baselining, Begun, baselining_options, write
from migrator.cli.output import counted, named, say
from migrator.cli.targets import Look, Wanted, choosing_targets, each_target, wanted_count
from migrator.errors import EXIT_FAILED, AlreadyManaged
from migrator.model.target import Database, Target
from migrator.schema.history import HistoryTable
from migrator.schema.repair import repair as repaired
from migrator.schema.session import Session
from migrator.schema.visit import Visit
from tasks import desk

yes_option = click.option("--yes", "is_sure", is_flag=True, help="Do not ask.")


@click.command()
@choosing_targets
@yes_option
def repair(wanted: Wanted, as_json: bool, is_sure: bool) -> None:
    """Make histories fit their folders: failed rows go, checksums are those of the files, missing files are marked.

    Runs no script: what a failed, changed or missing migration did to a schema stays. 'migrator validate' says
    beforehand what there is to repair.

    Example: migrator repair --scope tenant --tenant 7
    """
    _confirm(is_sure, wanted, "Repair the histories of {}?")
    looks = each_target(wanted, "repair", _repaired)
    document = _document(looks) | {
        "repaired": sum(bool(look.found) for look in looks),
        "repairs": _by_sentence(looks),
    }
    say(as_json, document, lambda console: _show_repairs(console, document))
    _end(document)


@click.command()
@choosing_targets
@baselining_options
@yes_option
def baseline(wanted: Wanted, as_json: bool, is_sure: bool, wish: Baselining) -> None:
    """Give schemas that exist a history: from a version on, or from what another tool has recorded in each.

    Only what is newer will be applied. A schema that has a history already is left as it is.

    Example: migrator baseline --scope tenant --adopt
    """
    if wish.at and wanted.scope == "all":
        raise click.UsageError("--at needs --scope: each scope has versions of its own")
    _confirm(is_sure, wanted, "Begin the histories of {}?")
    looks = each_target(wanted, "baseline", _beginning(wish))
    begun = [look for look in looks if look.found and look.found.document["written"]]
    document = _document(looks) | {
        "written": len(begun),
        "schemas": [{"target": str(look.target), **look.found.document} for look in begun if look.found],
        "managed": [
            {"target": str(look.target), "reason": look.found.sentence}
            for look in looks
            if look.found and not look.found.document["written"]
        ],
    }
    say(as_json, document, lambda console: _show_begun(console, document))
    _end(document)


def _confirm(is_sure: bool, wanted: Wanted, question: str) -> None:
    if not is_sure:
        click.confirm(question.format(counted(wanted_count(wanted), "schema")), abort=True, err=True)


def _visit(session: Session, database: Database, target: Target) -> Visit:
    rules = desk.rules(database)
    return Visit(session, HistoryTable(target.schema_name, rules.history_table), rules)


def _repaired(session: Session, database: Database, target: Target) -> list[str]:
    return repaired(_visit(session, database, target), desk.folder(target.scope))


def _beginning(wish: Baselining) -> Callable[[Session, Database, Target], Begun]:
    def begin(session: Session, database: Database, target: Target) -> Begun:
        try:
            return write(_visit(session, database, target), desk.folder(target.scope), wish)
        except AlreadyManaged as error:
            return Begun(str(error), {"written": False})

    return begin


def _document(looks: Sequence[Look[Any]]) -> dict[str, Any]:
    errors = [{"target": str(look.target), "error": look.error} for look in looks if look.error]
    return {"targets": len(looks), "errors": errors}


def _by_sentence(looks: Sequence[Look[list[str]]]) -> list[dict[str, Any]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for look in looks:
        for sentence in look.found or []:
            groups[sentence].append(str(look.target))
    return [{"repair": sentence, "targets": targets} for sentence, targets in groups.items()]


def _end(document: dict[str, Any]) -> None:
    if document["errors"]:
        sys.exit(EXIT_FAILED)


def _show_repairs(console: Console, document: dict[str, Any]) -> None:
    console.print(f"{document['repaired']} of {counted(document['targets'], 'history', 'histories')} repaired")
    for group in document["repairs"]:
        console.print(f"  {len(group['targets'])} times {group['repair']}: {named(group['targets'])}", markup=False)
    _show_errors(console, document)


def _show_begun(console: Console, document: dict[str, Any]) -> None:
    said = f"{document['written']} of {counted(document['targets'], 'history', 'histories')} begun"
    console.print(f"{said}, {len(document['managed'])} had one already")
    at = defaultdict(list)
    for schema in document["schemas"]:
        at[schema.get("tool"), schema["version"]].append(schema["target"])
    for (tool, version), targets in at.items():
        origin = f" from {tool}" if tool else ""
        place = f"at version {version}" if version else "with nothing applied"
        console.print(f"  {len(targets)} {place}{origin}: {named(targets)}", markup=False)
    _show_errors(console, document)


def _show_errors(console: Console, document: dict[str, Any]) -> None:
    for each in document["errors"]:
        console.print(f"  {each['target']}: {each['error']}", style="red", markup=False)
