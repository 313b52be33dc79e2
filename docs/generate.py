"""Writes what is generated: ``make docs``. With ``--check`` it changes nothing and ends with 1 where a page is stale.

docs/cli.md and the summaries of the command line come from the commands, docs/settings.md from the settings class,
docs/json.md from the shapes of documents.
"""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
import types
import typing
from collections.abc import Iterator
from dataclasses import is_dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import click
from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from config import settings
from migrator import cli
from migrator.cli.shapes import SHAPES

ROOT = Path(__file__).parents[1]
NOTE = "<!-- Written by `make docs`; change the source, not this page. -->"

SUMMARIES_HEAD = '''"""What each command does, for the lists of commands, so that these come without importing any.

Written by `make docs` from the commands' own help.
"""
# ruff: noqa: E501 - a command a line

from __future__ import annotations
'''


def main() -> None:
    """Write, or only look."""
    stale = [path for path, text in pages().items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in stale:
        print(path.relative_to(ROOT))  # noqa: T201 - a script
        if "--check" not in sys.argv:
            path.write_text(pages()[path], encoding="utf-8")
    sys.exit(1 if stale and "--check" in sys.argv else 0)


def pages() -> dict[Path, str]:
    """Every generated file with the text that it should have."""
    return {
        ROOT / "docs" / "cli.md": cli_page(),
        ROOT / "docs" / "json.md": json_page(),
        ROOT / "docs" / "settings.md": settings_page(),
        ROOT / "migrator" / "cli" / "summaries.py": summaries(),
    }


# ------------------------------------------------------------------ commands


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


# ------------------------------------------------------------------ documents


def json_page() -> str:
    """What each command prints with ``--json``."""
    models: dict[str, type[BaseModel]] = {}
    rows = [f"| `{name}` | {_linked(shape, models)} |" for name, shape in sorted(SHAPES.items())]
    parts = [
        f"# JSON of the commands\n\n{NOTE}\n",
        "With `--json` a command prints one document on stdout and nothing else there; logs, questions and progress "
        "are on stderr, and an error is a sentence on stderr and an exit code. Fields may be added in a minor release; "
        "none is renamed, dropped or given another meaning. Moments are ISO 8601.\n",
        "\n".join(["| command | document |", "|---|---|", *rows, ""]),
    ]
    told: set[str] = set()
    while left := sorted(set(models) - told):
        for name in left:
            told.add(name)
            parts.append(_model(models[name], models))
    head, sections = parts[:3], sorted(parts[3:])
    return "\n".join([*head, *sections])


def _model(model: type[BaseModel], models: dict[str, type[BaseModel]]) -> str:
    said = docstrings(model)
    lines = [f"## {model.__name__}\n", _sentence(model) + "\n", "| field | type | meaning |", "|---|---|---|"]
    for name, annotation in fields_of(model):
        lines.append(f"| `{name}` | {_linked(annotation, models)} | {said.get(name, '')} |")
    return "\n".join([*lines, ""])


def fields_of(model: type[Any]) -> Iterator[tuple[str, Any]]:
    """The names in the document with their types, of a pydantic model or a dataclass."""
    if issubclass(model, BaseModel):
        for name, field in model.model_fields.items():
            yield field.alias or name, field.annotation
    else:
        yield from typing.get_type_hints(model).items()


def _linked(annotation: Any, models: dict[str, type[Any]]) -> str:
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_linked(part, models) for part in parts)
    if origin in (list, tuple):
        return "list of " + _linked(parts[0], models)
    if origin is dict:
        return "object by name of " + _linked(parts[1], models)
    if isinstance(annotation, type) and (issubclass(annotation, BaseModel) or is_dataclass(annotation)):
        models[annotation.__name__] = annotation
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return " or ".join(f"`{member}`" for member in annotation)
    known = {str: "text", int: "number", float: "number", bool: "true or false", type(None): "null", Any: "anything"}
    return known.get(annotation, "moment" if annotation is datetime else str(annotation))


# ------------------------------------------------------------------ settings


def settings_page() -> str:
    """The manual of the settings."""
    parts = [
        f"# Settings\n\n{NOTE}\n",
        "Strongest first: the environment, `MIGRATOR_` and the name in capitals; `migrator.toml` in the directory of "
        "the process; what `migrator local up` has written to `.migrator/local.toml`; the default. All mistakes are "
        "told at once, and a name that is no setting is one. Durations are seconds unless it says otherwise. "
        "`migrator doctor` reads them and says what is wrong. What is Celery's own stays under Celery's name in "
        "`celeryconfig.py`.\n",
        _table(settings.Settings, with_variable=True),
    ]
    for title, key, model in rooms():
        parts.append(f"## {title}\n\n{_sentence(model)}\n\n{_table(model)}")
        parts.append(f"In the file they stand under `{key}`.\n")
    return "\n".join(parts)


def rooms() -> Iterator[tuple[str, str, type[BaseModel]]]:
    """Settings that have settings of their own: their name, where they stand in the file, and their class."""
    for name, field in settings.Settings.model_fields.items():
        for model in _models(field.annotation):
            key = f"[{name}]" if field.annotation is model else f"[{name}.NAME]"
            yield name, key, model


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in typing.get_args(annotation):
        yield from _models(part)


def _sentence(model: type[BaseModel]) -> str:
    return " ".join((model.__doc__ or "").split()).replace("``", "`")


def _table(model: type[BaseModel], *, with_variable: bool = False) -> str:
    said = docstrings(model)
    lines = ["| setting | type | default | meaning |", "|---|---|---|---|"]
    for name, field in model.model_fields.items():
        default = "required" if field.is_required() else _default(field)
        cells = (f"`{name}`", _type(field), default, said.get(name, ""))
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join([*lines, ""])


def docstrings(model: type[Any]) -> dict[str, str]:
    """The string below each field of a class, as its source has it."""
    body = ast.parse(textwrap.dedent(inspect.getsource(model))).body[0]
    assert isinstance(body, ast.ClassDef)  # noqa: S101 - the source of a class
    found, last = {}, None
    for node in body.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            last = node.target.id
        elif last and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            found[last] = " ".join(str(node.value.value).split())
            last = None
        else:
            last = None
    return found


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if isinstance(value, BaseModel):
        return "see below"
    if value in (None, (), {}):
        return "none"
    if isinstance(value, tuple):
        return f"`{list(value)}`".replace("'", '"')
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`"


def _type(field: FieldInfo) -> str:
    limits = [_limit(each) for each in field.metadata]
    return ", ".join([_spoken(field.annotation), *filter(None, limits)])


def _limit(mark: Any) -> str:
    for kind, attribute, words in (
        (Ge, "ge", "at least"),
        (Gt, "gt", "above"),
        (Le, "le", "at most"),
        (Lt, "lt", "below"),
    ):
        if isinstance(mark, kind):
            return f"{words} {getattr(mark, attribute)}"
    return ""


def _spoken(annotation: Any) -> str:
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Literal:
        return " or ".join(f"`{part}`" for part in parts)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_spoken(part) for part in parts if part is not type(None))
    if origin in (tuple, typing.Annotated):
        return ("list of " if origin is tuple else "") + _spoken(parts[0])
    if origin is dict or (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        return "table"
    known = {
        str: "text",
        int: "whole number",
        float: "number",
        bool: "true or false",
        Path: "path",
        SecretStr: "secret",
    }
    return known.get(annotation, str(annotation))


if __name__ == "__main__":
    main()
