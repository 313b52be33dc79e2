"""Slots in a script's text: places that each target fills with its own names."""

from __future__ import annotations

import re
from collections.abc import Mapping

from migrator.errors import UnfilledSlot

SLOTS = ("schema", "tenant_id", "database")

_SLOT = re.compile(r"\$\{migrator:(\w+)\}")
_SAFE = re.compile(r"[\w .:@+/-]*")


def slot(name: str) -> str:
    """The text that stands for a name until a target is known."""
    return f"${{migrator:{name}}}"


def has_slots(text: str) -> bool:
    """Whether a text is not the same for every target."""
    return _SLOT.search(text) is not None


def filled(text: str, values: Mapping[str, str | None], schema: str) -> str:
    """The text for one target.

    Values are put in as they are, so only harmless ones are: no quotes, semicolons, dollars or backslashes.
    Raises UnfilledSlot for a value that is missing or is not harmless.
    """
    return _SLOT.sub(lambda found: _checked(found[1], values, schema), text)


def without_slots(text: str) -> str:
    """The text as a parser can read it: a name of the same length in each slot."""
    return _SLOT.sub(lambda found: stand_in(found[1]), text)


def stand_in(name: str) -> str:
    """The name that stands in the slot of ``name`` for a parser."""
    return f"migrator_{name}".ljust(len(slot(name)), "_")


def with_slots(name: str) -> str:
    """What a parser has read, with the slots in it again."""
    for known in SLOTS:
        name = name.replace(stand_in(known), slot(known))
    return name


def _checked(name: str, values: Mapping[str, str | None], schema: str) -> str:
    value = values.get(name)
    if value is None:
        raise UnfilledSlot(name=name, schema=schema, reason="the target has none")
    if not _SAFE.fullmatch(value) or "--" in value:
        raise UnfilledSlot(name=name, schema=schema, reason=f"{value!r} is not safe inside a script")
    return value
