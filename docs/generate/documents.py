"""docs/json.md, from the shapes of documents."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from dataclasses import is_dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel

from docs.generate.source import NOTE, docstrings, sentence
from migrator.cli.shapes import SHAPES


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
    lines = [f"## {model.__name__}\n", sentence(model) + "\n", "| field | type | meaning |", "|---|---|---|"]
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
