"""A number of targets, or a share of them: ``5`` or ``2.5%``."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

_FORM = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<percent>%?)")


@dataclass(frozen=True, slots=True)
class Share:
    """How many of a whole."""

    number: float
    is_percent: bool = False

    @staticmethod
    def read(text: str) -> Share:
        """From its text. Raises ValueError for anything that is neither a whole number nor a per cent up to 100."""
        match = _FORM.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"{text!r} is neither a number of targets nor a per cent of them, such as 5 or 2%")
        number, is_percent = float(match["number"]), bool(match["percent"])
        if (is_percent and number > 100) or (not is_percent and number != int(number)):
            raise ValueError(f"{text!r} is neither a whole number of targets nor at most 100%")
        return Share(number, is_percent)

    def of(self, total: int) -> int:
        """How many that are of so many, rounded down: 1% of 20 failures is none."""
        return math.floor(total * self.number / 100 + 1e-9) if self.is_percent else int(self.number)

    def __str__(self) -> str:
        return f"{self.number:g}{'%' if self.is_percent else ''}"
