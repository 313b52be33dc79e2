"""``migrator dashboard``."""

from __future__ import annotations

from typing import Any

import click


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--address", metavar="ADDRESS", help="Where to listen; 127.0.0.1 unless told otherwise.")
@click.option("--port", type=click.IntRange(0, 65535), help="5555 unless told otherwise.")
@click.option("--basic_auth", "--basic-auth", multiple=True, metavar="USER:PASSWORD", help="Who gets in.")
@click.option("--read_only", "--read-only", is_flag=True, help="Show everything and change nothing.")
@click.option("--url_prefix", "--url-prefix", metavar="PREFIX", help="Serve everything below it, behind a proxy.")
@click.argument("more", metavar="[OPTIONS OF FLOWER]", nargs=-1, type=click.UNPROCESSED)
def dashboard(more: tuple[str, ...], basic_auth: tuple[str, ...], read_only: bool, **given: Any) -> None:
    """Serve the dashboard: Flower with the pages for executions, on http://127.0.0.1:5555/migrator by default.

    Takes all of Flower's options, its FLOWER_ variables and its flowerconfig.py. Refuses an address that others can
    reach unless there is authentication. The same as 'celery -A tasks dashboard'.

    Example: migrator dashboard --address=0.0.0.0 --basic_auth=ann:secret
    """
    from celery.bin.celery import celery

    named = [f"--{name}={value}" for name, value in given.items() if value is not None]
    named += [f"--basic_auth={','.join(basic_auth)}"] if basic_auth else []
    named += ["--read_only"] if read_only else []
    celery(["-A", "tasks", "dashboard", *named, *more], auto_envvar_prefix="CELERY")
