"""Durations and moments as people type them: 30s, 15m, 2h, 3d; 2026-11-24T03:00. Callbacks of click's options."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import click

_FORM = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|d)")
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def duration(context: click.Context, parameter: click.Parameter, text: str) -> float:
    """Seconds: ``2h`` is 7200.0."""
    if seconds := seconds_of(text):
        return seconds
    raise click.BadParameter(f"{text!r} is no duration; write a number with its unit, such as 30s, 15m, 2h or 3d")


def moment(context: click.Context, parameter: click.Parameter, text: str | None) -> datetime | None:
    """A moment, or how long ago it was: ``2h`` is two hours ago. Without an offset it is UTC."""
    if text is None:
        return None
    if seconds := seconds_of(text):
        return datetime.now(UTC) - timedelta(seconds=seconds)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        said = f"{text!r} is neither a moment such as 2026-11-24T03:00 nor how long ago, such as 2h"
        raise click.BadParameter(said) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def seconds_of(text: str) -> float | None:
    """The seconds of ``2h``; None for what is no duration."""
    match = _FORM.fullmatch(text.strip())
    return float(match[1]) * _UNITS[match[2]] if match else None
