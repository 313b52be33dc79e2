"""What an event says, in one line for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from migrator.model.event import EventType
from migrator.model.payload import PAYLOADS

LONGEST_LINE, LONGEST_VALUE = 300, 60
"""Characters of a line that shows an event to people, and of one value in it."""


def readable(type_: EventType, fields: Mapping[str, Any]) -> str:
    """An event's fields in one line for a list of tasks: those that its type knows, in their order, shortened."""
    known = [f"{name}={_short(fields[name])}" for name in PAYLOADS[type_].model_fields if name in fields]
    return _cut(", ".join(known), LONGEST_LINE)


def _short(value: Any) -> str:
    return _cut(value if isinstance(value, str) else repr(value), LONGEST_VALUE)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
