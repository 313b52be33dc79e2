"""What an event says, as the control database can hold it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from migrator.model.event import EventType
from migrator.model.payload import PAYLOADS


def storable(type_: EventType, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that the type knows, with what PostgreSQL's jsonb cannot hold written as text."""
    return {name: storable_value(value) for name, value in fields.items() if name in PAYLOADS[type_].model_fields}


def storable_value(value: Any) -> Any:
    """A value with what PostgreSQL's jsonb cannot hold written as text."""
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd").encode(errors="replace").decode()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {str(storable_value(key)): storable_value(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [storable_value(item) for item in value]
    return value
