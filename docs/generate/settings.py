"""docs/settings.md, from the settings class."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from config import settings
from docs.generate.source import NOTE, docstrings, sentence


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
        parts.append(f"## {title}\n\n{sentence(model)}\n\n{_table(model)}")
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


def _table(model: type[BaseModel], *, with_variable: bool = False) -> str:
    said = docstrings(model)
    lines = ["| setting | type | default | meaning |", "|---|---|---|---|"]
    for name, field in model.model_fields.items():
        default = "required" if field.is_required() else _default(field)
        cells = (f"`{name}`", _type(field), default, said.get(name, ""))
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join([*lines, ""])


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
