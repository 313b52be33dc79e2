"""What both baseline commands share: how a history is begun in a schema, at a version or as another tool has it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

import click

from migrator.errors import BadInput
from migrator.folder import applied_by_heads
from migrator.model.folder import Folder
from migrator.model.migration import Migration
from migrator.model.version import Version
from migrator.schema.adoption import adopt
from migrator.schema.baseline import DESCRIPTION, baseline
from migrator.schema.recognisers import RECOGNISERS, Disagreement, Recogniser, Rows
from migrator.schema.visit import Visit


def _alembic(rows: Rows, folder: Folder) -> list[Migration]:
    """A row for each head; what they stand on is applied as well."""
    try:
        return list(applied_by_heads(folder, [head for (head,) in rows]))
    except BadInput as error:
        raise Disagreement(str(error)) from None


def known_for(folder: Folder) -> tuple[Recogniser, ...]:
    """The tools whose tables are looked for; where Alembic's has another name, the folder says so."""
    return (*RECOGNISERS, Recogniser("alembic", folder.version_table or "alembic_version", ("version_num",), _alembic))


TOOLS = [*(each.tool for each in RECOGNISERS), "alembic"]


@dataclass(frozen=True, slots=True)
class Baselining:
    """What was asked for: ``at`` a version, or adoption when there is none."""

    at: Version | None
    description: str = DESCRIPTION
    tool: str | None = None


@dataclass(frozen=True, slots=True)
class Begun:
    """How the history of one schema begins now."""

    sentence: str
    document: dict[str, Any]
    """With ``written`` false when it had begun in this way before."""


def baselining_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of a baseline, as ``wish``."""

    @wraps(command)
    def called(at: str | None, is_adopted: bool, tool: str | None, description: str | None, **more: Any) -> None:
        command(wish=_wish(at, is_adopted, tool, description), **more)

    for option in reversed(_OPTIONS):
        called = option(called)
    return called


_OPTIONS: list[Callable[..., Any]] = [
    click.option("--at", help="The version that is there already."),
    click.option("--adopt", "is_adopted", is_flag=True, help="Take over what another tool has recorded."),
    click.option(
        "--from",
        "tool",
        type=click.Choice(TOOLS),
        help="Which tool, where several have left a table.",
    ),
    click.option("--description", help=f"With --at, for the row in history.  [default: {DESCRIPTION}]"),
]


def write(visit: Visit, folder: Folder, wish: Baselining) -> Begun:
    """Begin the history of one schema. Raises AlreadyManaged, NotAdopted, UnknownSchema."""
    return _at(visit, folder, wish.at, wish.description) if wish.at else _adopted(visit, folder, wish.tool)


def _wish(at: str | None, is_adopted: bool, tool: str | None, description: str | None) -> Baselining:
    if (at is None) is not is_adopted:
        raise click.UsageError("give either --at VERSION or --adopt")
    if tool and not is_adopted:
        raise click.UsageError("--from belongs to --adopt")
    if description and is_adopted:
        raise click.UsageError("--description belongs to --at")
    return Baselining(Version(at) if at else None, description or DESCRIPTION, tool)


def _at(visit: Visit, folder: Folder, version: Version, description: str) -> Begun:
    written = baseline(visit, folder, version, description)
    said = "was declared to be" if written else "had been declared to be"
    sentence = f"schema {visit.table.schema} {said} at version {version}"
    return Begun(sentence, {"version": str(version), "written": written})


def _adopted(visit: Visit, folder: Folder, tool: str | None) -> Begun:
    done = adopt(visit, folder, tool, known_for(folder))
    at = f"at version {done.version}" if done.version else "fresh"
    sentence = f"schema {visit.table.schema} was adopted from {done.tool}, {at}, {len(done.applied)} migrations applied"
    document = {"version": done.version, "written": True, "tool": done.tool, "applied": list(done.applied)}
    return Begun(sentence, document)
