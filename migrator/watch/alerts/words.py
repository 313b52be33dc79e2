"""Shortens what others said, so that an alert stays one that people read."""

from __future__ import annotations

from collections.abc import Sequence

LONGEST = 400


def in_short(reason: str | None) -> str:
    """The reason on one line, without its full stop."""
    said = " ".join((reason or "no reason was noted").split()).rstrip(".")
    return said if len(said) <= LONGEST else said[: LONGEST - 1].rstrip() + "…"


def first_of(names: Sequence[str], count: int) -> str:
    """The names, and how many more there are."""
    more = count - len(names)
    return ", ".join(names) + (f" and {more} more" if more > 0 else "")
