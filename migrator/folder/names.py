"""Names that begin with a number: ``0001_what``, ``2024-01-31-120000_what``, procrastinate's ``03.00.00_01_what``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from migrator.model.version import Version

_DASHED = r"(?:19|20)\d\d-\d\d-\d\d(?:-\d+)*"
_UNDERSCORED = r"(?:19|20)\d\d_\d\d_\d\d(?:_\d{6}|_\d{4})?"
_DOTTED = r"\d+(?:\.\d+)+(?:_\d\d(?=_))?"
_NAME = re.compile(
    rf"(?:(?P<date>{_DASHED}|{_UNDERSCORED})|(?P<number>{_DOTTED}|\d+))(?:[._-](?P<what>.*))?",
    re.DOTALL,
)
_MOMENT = len("YYYYMMDDhhmmss")


@dataclass(frozen=True, slots=True)
class NumberedName:
    """What a numbered name says."""

    version: Version
    description: str
    """The whole name where there is nothing behind the number."""


def parse_numbered(name: str) -> NumberedName | None:
    """What a name without its suffix says; None for one that does not begin with a number of its own."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    version = _moment(match["date"]) if match["date"] else match["number"]
    return NumberedName(Version(version), (match["what"] or name).replace("_", " "))


def spelt_number(name: str) -> str | None:
    """The number that a name begins with, as it is written there; None where ``parse_numbered`` says so."""
    match = _NAME.fullmatch(name)
    return (match["date"] or match["number"]) if match else None


def _moment(date: str) -> str:
    """A date's digits, filled up to the second.

    Tools that write dates with dashes compare them as text. So a date without a time is its midnight, and
    what follows the second, as in diesel's 2024-01-31-120000-0000, decides only between equal moments.
    """
    digits = re.sub(r"\D", "", date)
    moment, more = digits[:_MOMENT].ljust(_MOMENT, "0"), digits[_MOMENT:]
    return f"{moment}.{more}" if more else moment
