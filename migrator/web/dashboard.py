"""``celery -A tasks dashboard``: Flower with our pages, closed by default, with the columns that show progress."""

from __future__ import annotations

import sys

import click
from celery.bin.base import CeleryCommand

from config.flower import DEFAULTS, is_loopback
from migrator.errors import DashboardOpen
from migrator.web import flower_parts, plugin
from migrator.web.flower_parts import flower, options


@click.command(cls=CeleryCommand, context_settings={"ignore_unknown_options": True})
@click.argument("given", metavar="[OPTIONS]", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def dashboard(context: click.Context, given: tuple[str, ...]) -> None:
    """Flower with the migrator's pages; takes all of Flower's own options, its variables and its flowerconfig.py.

    Listens on loopback unless told otherwise, and refuses any other address without authentication.
    """
    for name, value in DEFAULTS.items():
        setattr(options, name, value)  # below everything that a person says
    flower_parts.read_options(sys.argv[0], given)
    if not (options.unix_socket or is_loopback(options.address) or flower_parts.is_closed()):
        raise click.ClickException(str(DashboardOpen(address=options.address or "any address of this machine")))
    plugin.install()
    flower.callback(given)
