"""Groups of commands whose modules are imported when they are called, so that help comes at once."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

import click
from click.shell_completion import CompletionItem

from migrator.cli.hints import did_you_mean


class CarefulGroup(click.Group):
    """Looks at all words before any of its commands does."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """No program can be given a null byte, but one that calls us can; no path with one can be looked up."""
        if any("\0" in word for word in args):
            ctx.fail("an argument contains a null byte, which no name and no path can have")
        return super().parse_args(ctx, args)


def lazy_group(commands: Mapping[str, str], summaries: Mapping[str, str] | None = None) -> type[click.Group]:
    """A kind of group that knows its commands by name alone; each is found at ``module:attribute``.

    ``summaries``: what each command does, for the list of commands; one that is not among them is imported for it.
    """
    known = summaries or {}

    class LazyGroup(CarefulGroup):
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

        def resolve_command(
            self, ctx: click.Context, args: list[str]
        ) -> tuple[str | None, click.Command | None, list[str]]:
            """The command that is meant; a name like it is told for one that is not there."""
            name = args[0]
            if name in commands or name.startswith("-") or ctx.resilient_parsing:
                return super().resolve_command(ctx, args)
            return ctx.fail(f"No such command {name!r}.{did_you_mean(name, commands)}")

        def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
            """The list of commands, from what is known of them beforehand."""
            limit = formatter.width - 6 - max(map(len, commands))
            rows = [(name, self._said(ctx, name).get_short_help_str(limit)) for name in self.list_commands(ctx)]
            with formatter.section("Commands"):
                formatter.write_dl(rows)

        def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
            """Names of commands that begin so, and options; nothing is imported for it."""
            names = [name for name in self.list_commands(ctx) if name.startswith(incomplete)]
            found = [CompletionItem(name, help=self._said(ctx, name).get_short_help_str()) for name in names]
            return found + click.Command.shell_complete(self, ctx, incomplete)

        def _said(self, ctx: click.Context, name: str) -> click.Command:
            """The command as far as the list of commands shows it."""
            if name in known:
                return click.Command(name, help=known[name])
            return self.get_command(ctx, name) or click.Command(name)

    return LazyGroup
