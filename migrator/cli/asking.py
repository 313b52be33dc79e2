"""The options by which a migration is asked for; what is not given stays with the defaults of the rollout."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from migrator.model.rollout import Order
from migrator.model.target import Scope

SCOPES = ["all", *(scope.value for scope in Scope)]

_FIELDS = {
    "databases": "target_databases",
    "tenants": "target_tenants",
    "schemas": "target_schemas",
    "labels": "target_labels",
    "to": "to_version",
    "soak": "soak_seconds",
}
"""What an option is called in the payload, where that is not its own name."""


def asking_for_migration(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command these options, as ``asked``: fields of migration.requested, only those that were given."""

    @wraps(command)
    def called(**given: Any) -> None:
        asked = {_FIELDS.get(name, name): _plain(given.pop(name)) for name in _NAMES}
        command(asked={field: value for field, value in asked.items() if value is not None}, **given)

    for option in reversed(_OPTIONS):
        called = option(called)
    return called


def _plain(value: Any) -> Any:
    """As it goes into a payload; an option that was not given even once is None."""
    return (list(value) or None) if isinstance(value, tuple) else value


def _as_labels(_context: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> dict[str, str] | None:
    if wrong := [each for each in value if "=" not in each]:
        raise click.BadParameter(f"{wrong[0]!r} is not of the form name=value", param=parameter)
    return dict(each.split("=", 1) for each in value) or None


def _named(option: str, name: str, what: str) -> Callable[..., Any]:
    return click.option(option, name, multiple=True, help=f"{what}; may be given several times.")


_OPTIONS: list[Callable[..., Any]] = [
    click.option("--scope", type=click.Choice(SCOPES), default="all", show_default=True),
    _named("--database", "databases", "Only this database"),
    _named("--tenant", "tenants", "Only this tenant, by its id"),
    _named("--schema", "schemas", "Only schemas of this name"),
    click.option("--label", "labels", multiple=True, callback=_as_labels, help="Only targets with it, as name=value."),
    click.option("--to", help="Stop at this version; needs --scope."),
    click.option("--canary", type=click.IntRange(min=0), help="Targets of each stage that go first."),
    _named("--canary-tenant", "canary_tenants", "This tenant goes first instead"),
    click.option(
        "--canary-label", "canary_labels", multiple=True, callback=_as_labels, help="Targets with it go first."
    ),
    click.option("--wave-size", help="Targets in a wave behind the canary: a number, or a per cent of the stage."),
    click.option("--soak", type=click.FloatRange(min=0), help="Seconds between two waves."),
    click.option("--max-failures", help="Targets that may fail: a number, or a per cent of all."),
    click.option("--order", type=click.Choice(list(Order)), help="Which targets of a wave come first."),
    _named("--first", "first", "This schema or tenant comes first in its wave"),
    _named("--last", "last", "This schema or tenant comes last of all"),
    click.option("--lanes", type=click.IntRange(min=1), help="Lanes that a database gets at the most."),
]
_NAMES = [
    *("scope", "databases", "tenants", "schemas", "labels", "to", "canary", "canary_tenants", "canary_labels"),
    *("wave_size", "soak", "max_failures", "order", "first", "last", "lanes"),
]
