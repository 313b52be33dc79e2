"""Durations and moments as people type them: 30s, 15m, 2h, 3d; 2026-11-24T03:00."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import click

_FORM = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|d)")
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class Duration(click.ParamType):
    """Seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """``2h`` is 7200.0."""
        if isinstance(value, float):
            return value
        seconds = seconds_of(str(value))
        if not seconds:
            self.fail(f"{value!r} is no duration; write a number with its unit, such as 30s, 15m, 2h or 3d", param, ctx)
        return seconds


class Moment(click.ParamType):
    """A moment, or how long ago it was; without an offset it is UTC."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """``2h`` is two hours ago."""
        if isinstance(value, datetime):
            return value
        if seconds := seconds_of(str(value)):
            return datetime.now(UTC) - timedelta(seconds=seconds)
        try:
            found = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(
                f"{value!r} is neither a moment such as 2026-11-24T03:00 nor how long ago, such as 2h", param, ctx
            )
        return found if found.tzinfo else found.replace(tzinfo=UTC)


def seconds_of(text: str) -> float | None:
    """The seconds of ``2h``; None for what is no duration."""
    match = _FORM.fullmatch(text.strip())
    return float(match[1]) * _UNITS[match[2]] if match else None
