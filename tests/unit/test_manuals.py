"""The tables of the manuals have what the code has: fields of events, options of commands and folders, directives."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from inspect import signature
from pathlib import Path
from typing import Any, get_args

import click
import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

import migrator
from config.settings import Settings
from migrator import cli
from migrator.client import publish
from migrator.folder.convention import CONVENTIONS
from migrator.folder.directives import KNOWN
from migrator.folder.options import Options
from migrator.model.event import EventStatus, EventType
from migrator.model.payload import PAYLOADS, MaintenanceScheduled, MigrationRequested, RollbackRequested, RolloutWishes

DOCS = Path(migrator.__file__).parents[1] / "docs"
PARAMETERS = {"target_version": "to", "to_version": "to", "force_execution": "force"}
"""Fields whose option is not named after them; those that begin with ``target_`` are named without it."""


def table(manual: str, first: str) -> list[list[str]]:
    """The cells of all tables whose first column is headed ``first``."""
    found: list[list[str]] = []
    inside = False
    for line in (DOCS / manual).read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")] if line.startswith("|") else []
        if inside and cells and not cells[0].startswith("---"):
            found.append(cells)
        inside = bool(cells) and (inside or cells[0] == first)
    return found


def spoken(value: Any) -> str:
    """A default as the manuals write it."""
    return f"`{value}`" if value not in (None, (), {}, "") else "none"


def default(field: FieldInfo) -> str:
    return "required" if field.is_required() else spoken(field.get_default(call_default_factory=True))


def option(command: str, field: str) -> str:
    """The option of a command that stands for a field of its event."""
    names = {PARAMETERS.get(field, field), field.removeprefix("target_")}
    found = cli.cli.get_command(click.Context(cli.cli), command)
    assert found is not None
    options = [p for p in found.params if isinstance(p, click.Option) and p.name]
    options = [*options, *(o for o in options if o.name == "scope")]
    return next((f"`{o.opts[0]}`" for o in options if o.name in names), "none")


def rows(command: str, payload: type[BaseModel], fields: list[str]) -> list[list[str]]:
    found = payload.model_fields
    return [[f"`{name}`", option(command, name), default(found[name])] for name in fields]


def test_the_manual_of_rollouts_has_every_field_with_its_option_and_default():
    of_rollouts = list(RolloutWishes.model_fields)
    others = [name for name in MigrationRequested.model_fields if name not in of_rollouts]
    written = [cells[:3] for cells in table("rollouts.md", "field")]
    assert written == rows("migrate", MigrationRequested, [*of_rollouts, *others])


def test_the_manual_of_taking_back_has_every_field_with_its_option_and_default():
    written = [cells[:3] for cells in table("rollback.md", "field")]
    wanted = rows("rollback", RollbackRequested, list(RollbackRequested.model_fields))
    assert written == [row if row[0] != "`execution_id`" else ["`execution_id`", "none", "required"] for row in wanted]


def test_the_manual_of_rollouts_has_every_field_of_maintenance_and_every_type():
    fields = MaintenanceScheduled.model_fields
    own = [[f"`{name}`", default(fields[name])] for name in fields if name not in RolloutWishes.model_fields]
    assert [cells[:2] for cells in table("rollouts.md", "field of maintenance")] == own
    types = get_args(fields["maintenance_type"].annotation)
    assert [cells[0] for cells in table("rollouts.md", "type")] == [f"`{type_}`" for type_ in types]


@pytest.mark.parametrize("type_", [t for t in EventType if not t.value.endswith(("requested", "scheduled"))], ids=str)
def test_the_manual_of_events_has_every_field_of_a_type_with_its_default(type_):
    fields = PAYLOADS[type_].model_fields
    written = [cells[:2] for cells in table("events.md", type_.value)]
    assert written == [[f"`{name}`", default(field)] for name, field in fields.items()]


def test_the_manual_of_events_has_every_type_with_its_task_and_priority_and_what_orders_it():
    described = {type_: type_.value.partition(".")[0] for type_ in EventType}
    subjects = {type_: kind if kind in ("database", "tenant") else "none" for type_, kind in described.items()}
    assert table("events.md", "type") == [
        [f"`{type_.value}`", f"`{type_.function_name}`", type_.priority.value, subjects[type_]] for type_ in EventType
    ]


def test_the_manual_of_events_has_every_status_and_every_option_of_publish():
    assert [cells[0] for cells in table("events.md", "status")] == [f"`{status.value}`" for status in EventStatus]
    options = [name for name in signature(publish).parameters if name not in ("connection", "event", "payload")]
    assert [cells[0] for cells in table("events.md", "option")] == [f"`{name}`" for name in options]


def test_the_settings_that_the_manual_of_events_names_are_there():
    text = (DOCS / "events.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:relay|retry|max)_[a-z_]+)`", text)) - {"relay_lag"}
    assert named == {"relay_every", "retry_backoff", "retry_backoff_max", "max_retries"}
    assert {*named, "relay"} <= set(Settings.model_fields)


def options_of(model: type[BaseModel], prefix: str = "") -> Iterator[list[str]]:
    for name, field in model.model_fields.items():
        said = field.get_default(call_default_factory=True)
        if isinstance(said, BaseModel):
            yield from options_of(type(said), f"{name}.")
        else:
            value = json.dumps(said) if isinstance(said, bool) else said
            yield [f"`{prefix}{name}`", spoken(value)]


def test_the_manual_of_folders_has_every_option_of_folder_toml():
    assert [cells[:2] for cells in table("folders.md", "option")] == list(options_of(Options))


def test_the_manual_of_folders_has_every_directive():
    assert [cells[0] for cells in table("folders.md", "directive")] == [f"`{n}`" for n in re.findall(r"(\w+)=", KNOWN)]


def test_the_manual_of_folders_has_every_convention():
    assert [cells[0] for cells in table("folders.md", "convention")] == [f"`{name}`" for name in CONVENTIONS]
