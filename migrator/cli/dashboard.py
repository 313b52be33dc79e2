"""``migrator dashboard``."""

from __future__ import annotations

import click


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("options", metavar="[FLOWER OPTIONS]", nargs=-1, type=click.UNPROCESSED)
def dashboard(options: tuple[str, ...]) -> None:
    """Serve the dashboard: Flower with the pages for executions, on http://127.0.0.1:5555/migrator/ by default.

    Takes Flower's options: --port, --address, --basic_auth=user:password, --read_only, --url_prefix, --conf and so on.
    It refuses an address that others can reach unless there is authentication. The same as 'celery -A tasks dashboard'.

    Example: migrator dashboard --address=0.0.0.0 --basic_auth=ann:secret
    """
    from celery.bin.celery import celery

    celery(["-A", "tasks", "dashboard", *options], auto_envvar_prefix="CELERY")
