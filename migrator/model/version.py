"""Versions as Flyway reads and compares them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import total_ordering

from migrator.errors import BadVersion

_NUMBERS = re.compile(r"\d+([._]\d+)*")


@total_ordering
@dataclass(frozen=True, eq=False)
class Version:
    """Dotted numbers of any length: 1.0 equals 1, and 2 comes before 10."""

    text: str
    numbers: tuple[int, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not _NUMBERS.fullmatch(self.text):
            raise BadVersion(text=self.text)
        numbers = [int(part) for part in re.split(r"[._]", self.text)]
        while len(numbers) > 1 and numbers[-1] == 0:
            numbers.pop()
        object.__setattr__(self, "text", self.text.replace("_", "."))
        object.__setattr__(self, "numbers", tuple(numbers))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self.numbers == other.numbers

    def __lt__(self, other: Version) -> bool:
        return self.numbers < other.numbers

    def __hash__(self) -> int:
        return hash(self.numbers)

    def __str__(self) -> str:
        return self.text
