"""The options of a rollout, the same for ``migrate`` and ``plan``, and the commands that steer one."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from migrator.cli.control import whoami
from migrator.cli.output import json_option, say
from migrator.model.rollout import OnHalt, Order, Rollout
from migrator.model.share import Share

_DEFAULT = Rollout()


def share(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    """A number of targets or a per cent of them, checked."""
    try:
        return str(Share.read(value)) if value is not None else None
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def labels(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Words of the form name=value as a mapping."""
    for value in values:
        if "=" not in value:
            raise click.BadParameter(f"{value!r} is not of the form name=value")
    return {name: said for name, _, said in (value.partition("=") for value in values)}


label_option = click.option(
    "--label", "labels", multiple=True, metavar="NAME=VALUE", callback=labels, help="Only targets with this label."
)

_OPTIONS: list[Callable[..., Any]] = [
    click.option("--canary", type=click.IntRange(0), default=_DEFAULT.canary, show_default=True, help="So many first."),
    click.option("--canary-tenant", "canary_tenants", multiple=True, metavar="ID", help="This tenant first instead."),
    click.option(
        "--canary-label",
        "canary_labels",
        multiple=True,
        metavar="NAME=VALUE",
        callback=labels,
        help="Targets with this label first instead.",
    ),
    click.option(
        "--wave-size",
        metavar="N|P%",
        default=_DEFAULT.wave_size,
        show_default=True,
        callback=share,
        help="How many at a time.",
    ),
    click.option("--soak", "soak_seconds", type=click.FloatRange(0), default=0.0, help="Seconds between two waves."),
    click.option(
        "--max-failures",
        metavar="N|P%",
        default=_DEFAULT.max_failures,
        show_default=True,
        callback=share,
        help="When more targets fail than this, no further one is begun.",
    ),
    click.option("--max-wave-failures", metavar="N|P%", callback=share, help="The same for each wave by itself."),
    click.option(
        "--on-halt",
        type=click.Choice([each.value for each in OnHalt]),
        default=_DEFAULT.on_halt.value,
        show_default=True,
        help="What becomes of what is done when too many fail.",
    ),
    click.option(
        "--order",
        type=click.Choice([each.value for each in Order]),
        default=_DEFAULT.order.value,
        show_default=True,
        help="Which targets come first in a wave.",
    ),
    click.option("--first", multiple=True, metavar="NAME", help="A schema or tenant that comes first in its wave."),
    click.option("--last", multiple=True, metavar="NAME", help="A schema or tenant that comes last of all."),
    click.option("--lanes", type=click.IntRange(1), help="How many lanes a database gets at the most."),
    click.option("--statement-timeout", type=click.FloatRange(0, min_open=True), help="Seconds for one statement."),
    click.option(
        "--snapshots",
        type=click.Choice(["never", "unsafe", "always"]),
        default="never",
        show_default=True,
        help="Take one of each target before; unsafe: where nothing else leads back safely.",
    ),
    click.option("--fingerprints/--no-fingerprints", default=True, help="Record what a rollback is proved by."),
    click.option("--check", is_flag=True, help="First look for names that would be made and are there already."),
]


def rollout_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of a rollout, as ``wishes``: the fields of the event's payload."""
    names = [name for option in _OPTIONS for name in _names(option)]

    @wraps(command)
    def called(**given: Any) -> None:
        wishes = {name: _plain(given.pop(name)) for name in names}
        command(wishes=wishes, **given)

    for option in reversed(_OPTIONS):
        called = option(called)
    return called


def _names(option: Callable[..., Any]) -> list[str]:
    """The parameter that an option of click gives to its command."""

    @option
    def probe() -> None:
        """Only asked for its parameters."""

    return [parameter.name for parameter in probe.__click_params__]


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


@click.command()
@click.argument("execution_id", metavar="ID")
@json_option
def pause(execution_id: str, as_json: bool) -> None:
    """Claim no further target; those in hand are finished. Pausing twice does no harm.

    Example: migrator pause 6f9c2a1e-...
    """
    _steer("pause", execution_id, as_json)


@click.command()
@click.argument("execution_id", metavar="ID")
@json_option
def resume(execution_id: str, as_json: bool) -> None:
    """Go on after a pause, or after a halt: then with a canary first; what failed stays failed.

    Example: migrator resume 6f9c2a1e-...
    """
    _steer("resume", execution_id, as_json)


@click.command()
@click.argument("execution_id", metavar="ID")
@json_option
def cancel(execution_id: str, as_json: bool) -> None:
    """End an execution before its time; targets in hand are finished, what is done stays done.

    Maintenance that still waits for its time is called off, by the id of its event.

    Example: migrator cancel 6f9c2a1e-...
    """
    _steer("cancel", execution_id, as_json)


@click.command()
@click.argument("execution_id", metavar="ID")
@json_option
def retry(execution_id: str, as_json: bool) -> None:
    """Take up only what failed and what was not touched, with a canary first.

    Example: migrator retry 6f9c2a1e-...
    """
    _steer("retry", execution_id, as_json)


def _steer(action: str, execution_id: str, as_json: bool) -> None:
    from tasks.steering import steer_here

    said = steer_here(execution_id, action, whoami())
    say(as_json, said, lambda console: console.print(said["summary"], markup=False))
