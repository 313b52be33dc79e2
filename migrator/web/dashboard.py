"""``celery -A tasks dashboard``: Flower, closed by default and with the columns that show progress."""

from __future__ import annotations

import os
from typing import Any

import click
from celery.bin.base import CeleryCommand
from flower.command import flower

from config.flower import DEFAULTS, is_loopback
from migrator.errors import DashboardOpen

_AUTHENTICATION = ("basic_auth", "auth")  # a provider alone lets everybody in who has an account there


@click.command(cls=CeleryCommand, context_settings={"ignore_unknown_options": True})
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def dashboard(context: click.Context, options: tuple[str, ...]) -> None:
    """Flower with our defaults; takes all of Flower's own options.

    Listens on loopback unless told otherwise, and refuses any other address without authentication.
    """
    given = _given(options)
    for name, value in DEFAULTS.items():
        if name not in given:
            options = (*options, f"--{name}={value}")
    address = given.get("address", DEFAULTS["address"])
    if not is_loopback(address) and not any(given.get(name) for name in _AUTHENTICATION):
        raise click.ClickException(str(DashboardOpen(address=address)))
    flower.callback(options)


def _given(options: tuple[str, ...]) -> dict[str, Any]:
    """Flower's options as the command line and its FLOWER_ variables give them."""
    found = {name.removeprefix("FLOWER_").lower(): v for name, v in os.environ.items() if name.startswith("FLOWER_")}
    for option in options:
        name, _, value = option.removeprefix("--").partition("=")
        found[name.replace("-", "_")] = value
    return found
