"""docs/cli.md and the summaries of the command line, from the commands."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

import click

from docs.generate.source import NOTE
from migrator import cli

SUMMARIES_HEAD = '''"""What each command does, for the lists of commands, so that these come without importing any.

Written by `make docs` from the commands' own help.
"""
# ruff: noqa: E501 - a command a line

from __future__ import annotations
'''


def commands(command: click.Command = cli.cli, name: str = "migrator") -> Iterator[tuple[str, click.Command]]:
    """Every group and command by its full name, in the order of the manual."""
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for part in sorted(command.list_commands(context)):
            found = command.get_command(context, part)
            if found is not None and not found.hidden:
                yield from commands(found, f"{name} {part}")


def summaries() -> str:
    """The source of the module with what each command does."""
    lines = [SUMMARIES_HEAD, "SUMMARIES: dict[str, dict[str, str]] = {"]
    for name, group in commands():
        if type(group).__name__ == "LazyGroup":
            lines.append(f'    "{name}": {{')
            for part in group.list_commands(click.Context(group)):
                found = group.get_command(click.Context(group), part)
                lines.append(f"        {_quoted(part)}: {_quoted(summary(found))},")
            lines.append("    },")
    return "\n".join([*lines, "}", ""])


def summary(command: click.Command | None) -> str:
    """The first sentence of a command's help, on one line; more of it is not shown in a list."""
    first = " ".join((command.help or "").split("\n\n")[0].split()) if command else ""
    return first.partition(". ")[0]


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def cli_page() -> str:
    """The manual of the command line."""
    parts = [f"# Command line\n\n{NOTE}\n\n{paragraphs(cli.cli.help or '')}\n"]
    parts.append(
        "Every command tells about itself with -h. Every command that answers has `--json`: one document on stdout and "
        "nothing else there; [json.md](json.md) has their shapes. `migrator completion` prints what shells complete "
        "with. Colours "
        "are left out where `NO_COLOR` is set or the output is no terminal. Ctrl-C ends the watching and not the work: "
        "what goes on, and how to stop it, is said.\n"
    )
    for name, command in commands():
        if command is not cli.cli:
            parts.append(_section(name, command))
    return "\n".join(parts)


def _section(name: str, command: click.Command) -> str:
    level = "##" if name.count(" ") == 1 else "###"
    said = [f"{level} {name}\n", *usage(name, command), paragraphs(command.help or "") + "\n"]
    options = [
        parameter for parameter in command.params if isinstance(parameter, click.Option) and not parameter.hidden
    ]
    if options:
        said.append("| option | meaning |\n|---|---|")
        said += [f"| {_names(option)} | {_meaning(option)} |" for option in options]
        said.append("")
    return "\n".join(said)


def usage(name: str, command: click.Command) -> list[str]:
    """How a command is called; a group is called by its commands, which have sections of their own."""
    if isinstance(command, click.Group):
        return []
    needed = [f"{o.opts[0]} {_metavar(o)}" for o in command.params if isinstance(o, click.Option) and o.required]
    arguments = [_argument(p) for p in command.params if isinstance(p, click.Argument)]
    more = ["[OPTION]..."] if any(isinstance(p, click.Option) and not p.required for p in command.params) else []
    return [f"`{' '.join([name, *arguments, *needed, *more])}`\n"]


def paragraphs(text: str) -> str:
    """Help as the manual has it: examples are blocks."""
    found = []
    for paragraph in inspect.cleandoc(text).split("\n\n"):
        line = " ".join(paragraph.split())
        found.append(f"```\n{line.removeprefix('Example: ')}\n```" if line.startswith("Example: ") else line)
    return "\n\n".join(found)


def _argument(argument: click.Argument) -> str:
    name = argument.metavar or (argument.name or "").upper()
    name = name if argument.nargs == 1 or name.endswith("...") else f"{name}..."
    return name if argument.required or name.startswith("[") else f"[{name}]"


def _names(option: click.Option) -> str:
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    return names if option.is_flag else f"{names} `{_metavar(option)}`".replace("|", "\\|")


def _metavar(option: click.Option) -> str:
    if option.metavar:
        return option.metavar
    if isinstance(option.type, click.Choice):
        return "|".join(map(str, option.type.choices))
    return option.type.name.upper().replace(" RANGE", "")


def _meaning(option: click.Option) -> str:
    said = [" ".join((option.help or "").split()).replace("|", "\\|")]
    if option.required:
        said.append("Required.")
    elif isinstance(option.default, (str, int, float, Path)) and not option.is_flag:
        said.append(f"Default `{option.default}`.")
    elif option.is_flag and option.secondary_opts:
        said.append(f"Default `{option.opts[0] if option.default else option.secondary_opts[0]}`.")
    return " ".join(filter(None, said))
