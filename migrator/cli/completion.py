"""``migrator completion``: what a shell completes our commands and options with."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print a script with which bash, zsh or fish completes commands, options and their values.

    For one session: eval "$(migrator completion bash)". For good, in a file that the shell reads at its start:

    Example: migrator completion bash > ~/.local/share/bash-completion/completions/migrator
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"this release of click knows no completion for {shell}")
    click.echo(kind(context.find_root().command, {}, "migrator", "_MIGRATOR_COMPLETE").source())
