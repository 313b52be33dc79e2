"""Groups of commands whose modules are imported when they are called, so that help comes at once."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

import click


def lazy_group(commands: Mapping[str, str]) -> type[click.Group]:
    """A kind of group that knows its commands by name alone; each is found at ``module:attribute``."""

    class LazyGroup(click.Group):
        """Knows the names of its commands without importing them."""

        def list_commands(self, ctx: click.Context) -> list[str]:
            """Every command, by name."""
            return sorted(commands)

        def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
            """Import one command."""
            if name not in commands:
                return None
            module, attribute = commands[name].split(":")
            command: click.Command = getattr(import_module(module), attribute)
            return command

    return LazyGroup
